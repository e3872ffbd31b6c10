/* The virtual machine control block and what svm*.c share: [APM2] 15.5 and appendix B. Private to svm*. */
#pragma once

#include "hw/hvm.h"

/* Kept out of the hot path, together with the registers it would have to save. */
#define COLD __attribute__((noinline, cold))

/* [APM2] table B-2: attributes are descriptor bits 40-47 in 0-7 and 52-55 in 8-11. */
struct vmcb_segment {
    uint16_t selector, attributes;
    uint32_t limit;
    uint64_t base;
};
enum vmcb_segment_index { VMCB_ES, VMCB_CS, VMCB_SS, VMCB_DS, VMCB_FS, VMCB_GS, VMCB_GDTR, VMCB_LDTR, VMCB_IDTR, VMCB_TR };

/* [APM2] tables B-1 (control area) and B-2 (state save area). */
struct vmcb {
    uint32_t intercept_cr, intercept_dr, intercept_exceptions, intercept[3];
    uint8_t reserved0[0x28];
    uint64_t io_bitmap, msr_bitmap, tsc_offset;
    uint32_t asid, tlb_control, interrupt_control, interrupt_vector;
    uint64_t interrupt_shadow, exit_code, exit_info1, exit_info2, exit_event, nested_control;
    uint8_t reserved1[0x10];
    uint64_t event, nested_root, lbr_control, clean, next_rip;
    uint8_t reserved2[0x330];
    struct vmcb_segment segment[10];
    uint8_t reserved3[0x2b];
    uint8_t cpl;
    uint8_t reserved4[4];
    uint64_t efer;
    uint8_t reserved5[0x70];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t reserved6[0x58];
    uint64_t rsp;
    uint8_t reserved7[0x18];
    uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, cr2;
    uint8_t reserved8[0x20];
    uint64_t pat;
    uint8_t reserved9[0x990];
};
/* tests/unit/svm pins its layout. */

/* interrupt_control: [APM2] 15.21 */
#define V_TPR 0xfu
#define V_IRQ (1u << 8) /* also the valid bit of vcpu_state.irq_vector */
#define V_PRIORITY(vector) (((vector) >> 4 & 0xfu) << 16)
#define V_IGNORE_TPR (1u << 20)
#define V_INTR_MASKING (1u << 24)
#define SHADOW_ACTIVE 1ull          /* interrupt_shadow: [APM2] 15.21.5 */
#define SVM_EXIT_INVALID UINT32_MAX /* exit_code of a refused entry: -1, of which QEMU 7.2 stores half */
#define CR0_PG (1ull << 31)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_SVME (1ull << 12)

/* Of intercept_cr and intercept[0]: table B-1 */
#define INTERCEPT_CR4_WRITE (1u << 20)
#define INTERCEPT_SELECTIVE_CR0 (1u << 5)

/* event and exit_event: [APM2] 15.20; the same layout as vcpu_state.inject, error code in bits 32-63. */
#define EVENT(type, vector) (EVENT_VALID | (uint64_t)(type) << 8 | (vector))
#define EVENT_VECTOR(event) ((event)&0xffu)
#define EVENT_TYPE(event) ((event) >> 8 & 7u)
#define EVENT_HAS_ERROR (1ull << 11)
#define EVENT_VALID (1ull << 31)
#define EVENT_ERROR_SHIFT 32

/* Bits of cpu->hvm_features. Next-RIP save needs none: the field stays zero where it is missing. */
enum svm_feature {
    SVM_FLUSH_BY_ASID = 1 << 0,
    /* Work-arounds for QEMU 7.2 TCG, off elsewhere.
     * It can deliver an external interrupt of EVENTINJ twice under -icount (PLATFORM.md): there they go through V_IRQ alone.
     * (Elsewhere EVENTINJ is preferred: Bochs 2.7 `ryzen` never delivers a V_IRQ that is set while the guest's IF is 1.)
     * It loses the host's CR0 at an exit from a guest with EFER.LME, but neither CR0.PG nor CR4.PAE: see svm_guard. */
    SVM_QUIRK_TCG = 1 << 1,
};

/* The two halves of hvm_run, around the world switch in svm_run.S. */
void svm_prepare(struct cpu *cpu, struct hvm *hvm, uint64_t generation);
enum hvm_exit svm_finish(struct hvm *hvm);
/* For SVM_QUIRK_TCG: while LME is set, either changes of CR0 end the run, or (@cr4) writes of CR4. */
void svm_guard(struct vmcb *vmcb, bool cr4);
/* Words of the page to a VMCB event; false if the combination does not exist: [APM2] 15.20. */
MUST_CHECK bool svm_event(uint64_t inject, uint64_t error, uint64_t *event_out);
/* Ask for, or withdraw, delivery of an external interrupt: @irq as vcpu_state.irq_vector. */
void svm_request_irq(struct hvm *hvm, uint64_t irq);
/* After an exit: what was delivered is forgotten, what was cut short (exit_event) happens again. */
void svm_settle_events(struct hvm *hvm);
