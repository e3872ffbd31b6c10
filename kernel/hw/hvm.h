/* The vendor seam: svm.c or vmx.c implements it, chosen at link time. No caller names a vendor. */
#pragma once

#include "hw/fpu.h"

enum { HVM_VENDOR_BYTES = 128 };
/* Vendor-independent part of a vCPU's hardware state; embedded in struct vcpu. */
struct hvm {
    void *control; /* VMCB or VMCS, one page */
    hpa_t control_pa;
    struct vcpu_state *state; /* the page shared with the VMM: read once, then check */
    hpa_t host_state;         /* of the processor it ran on last: cpu->host_state */
    uint64_t host_xcr0;
    hpa_t nested_root;
    uint64_t nested_generation; /* of the space when its translations were last flushed */
    uint64_t asid_generation;
    uint32_t asid;
    union {
        struct {
            bool launched;
            bool delivering; /* an event or interrupt waits or stands in the control page */
            bool flush;      /* drop the guest's translations at the next entry */
            bool own_xcr0;   /* the guest's is not the host's */
        };
        uint32_t unusual; /* all four at once */
    };
    uint64_t xcr0;  /* the guest's */
    uint64_t dr[4]; /* the guest's DR0-3 while others run */
    uint64_t event; /* to be delivered at the next entry: as vcpu_state.inject, error code in bits 32-63; 0 = none */
    uint64_t tsc_offset;
    struct fpu fpu;
    _Alignas(16) uint8_t vendor[HVM_VENDOR_BYTES]; /* what the vendor file keeps besides */
};

/* What an exit asks of the rest of the kernel. */
enum hvm_exit {
    HVM_EXIT_HANDLED,   /* nothing: enter again */
    HVM_EXIT_INTERRUPT, /* a host interrupt waits: open a window, then decide */
    HVM_EXIT_HYPERCALL, /* bit 63 of RAX, CPL 0, 64-bit code: RIP is advanced already, GPRs are in the page */
    HVM_EXIT_REFUSED,   /* bit 63 of RAX, but not CPL 0 or not 64-bit: RIP is advanced; answer ERR_MODE */
    HVM_EXIT_CANCELED,  /* a hypercall that must not wait now, for an interrupt is pending: RIP is advanced; answer ERR_CANCELED */
    HVM_EXIT_VMM,       /* the page's exit fields are filled */
};

/* Check every feature that the core needs and turn virtualization on; what is missing is named on the console, and the answer false. */
MUST_CHECK bool hvm_init_cpu(struct cpu *cpu);
/* Where the format of nested tables is concerned: 0 = x86-64 long mode with U set (NPT), 1 = EPT. */
uint32_t hvm_nested_format(void);
/* A fresh vCPU in the state of [APM2] 14.1.3 / [SDM] Vol 3A 10.1.1 (reset); control and state pages are zeroed. */
void hvm_init(struct hvm *hvm);
/* Nothing of the vCPU stays on the processor (VMCS clear, cached translations, FPU, DR0-3). */
void hvm_retire(struct cpu *cpu, struct hvm *hvm);
/* Apply GPR, IP, irq_vector, inject, shadow and the groups in @dirty from the page. Values are confined, never trusted:
 * ERR_ARGUMENT for what hardware would refuse where that can be told; a later entry failure is an exit INVALID_STATE. */
MUST_CHECK enum error hvm_apply(struct hvm *hvm, uint32_t dirty);
/* Fill @groups of the page from hardware state. */
void hvm_read(struct hvm *hvm, uint32_t groups);
/* Run the guest until its next exit and say what it was. rax, rsp and the other GPRs are always taken from page->gpr, rip, rflags
 * and shadow from there or from the last hvm_apply; the rest stands as the last exit or hvm_apply left it. Interrupts are off on entry and return. FPU, XCR0, DR0-3 and FS/GS
 * of the host side are as before, except that cpu->fpu is the guest's state. @generation: of the nested space's mappings. */
enum hvm_exit hvm_run(struct cpu *cpu, struct hvm *hvm, uint64_t generation);
/* For assembly that needs none of its registers afterwards: the same, but nothing is kept. */
enum hvm_exit hvm_run_bare(struct cpu *cpu, struct hvm *hvm, uint64_t generation);
