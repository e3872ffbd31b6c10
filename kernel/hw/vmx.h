/* What vmx*.c share. Private to vmx*. */
#pragma once

#include "hw/hvm.h"
#include "hw/vmcs.h"

/* Kept out of the hot path, together with the registers it would have to save. */
#define COLD __attribute__((noinline, cold))

/* [SDM-2023-09] Vol 3C table 25-15: an entry of the lists of MSRs that entry and exit exchange. */
struct msr_entry {
    uint32_t index, reserved;
    uint64_t value;
};
enum { SWITCHED_MSRS = 5 };

/* Lives in hvm->vendor. */
struct vmx {
    struct msr_entry msr[SWITCHED_MSRS]; /* the guest's: STAR LSTAR CSTAR SFMASK KERNEL_GS_BASE, the page's order */
    uint64_t cr2, dr6;                   /* the guest's, which no field holds */
    uint64_t host_cr3;                   /* what the host field says */
    uint64_t irq;                        /* as vcpu_state.irq_vector: asked for, not delivered yet */
    uint8_t blocked;                     /* the guest's shadow: BLOCKED_STI, BLOCKED_MOV_SS */
    bool nmi;                            /* one waits for the guest to take it */
};
_Static_assert(sizeof(struct vmx) <= HVM_VENDOR_BYTES, "struct hvm");
static inline struct vmx *vmx_of(struct hvm *hvm) { return (struct vmx *)(void *)hvm->vendor; }
/* VTPR's byte in the virtual-APIC page: [SDM-2023-09] Vol 3C 30.1.1. */
static inline uint8_t *vmx_tpr(const struct hvm *hvm) { return (uint8_t *)hvm->control + 2 * PAGE_BYTES + 0x80; }

/* Processor-based controls: [SDM-2023-09] Vol 3C 25.6.2 */
enum { PRIMARY_IRQ_WINDOW = 1 << 2, PRIMARY_NMI_WINDOW = 1 << 22 };
#define ENTRY_LONG_MODE (1u << 9) /* 25.8.1 */
/* Interruptibility state, pending debug exceptions: [SDM-2023-09] Vol 3C tables 25-3, 25-4 */
enum { BLOCKED_STI = 1, BLOCKED_MOV_SS = 2, BLOCKED_SHADOW = 3, BLOCKED_NMI = 8, PENDING_STEP = 1 << 14 };

/* Bits of CR0 and CR4 that a guest reads as it wrote them, while the processor has the kernel's: [SDM-2023-09] Vol 3C 25.6.6.
 * Entry and exit leave CD and NW alone (27.3.2.1, 28.5.1), so a guest never sets them; NE and VMXE must be set (24.8). */
enum { CR0_OWNED = 0x60000020, CR4_GUEST = 0x00370fff, CR4_VMXE = 1 << 13 };
#define CR4_OWNED (~(uint64_t)(CR4_GUEST & ~CR4_MCE))
#define CR0_PG (1ull << 31)
enum { EFER_LME = 1 << 8, EFER_LMA = 1 << 10, IRQ_VALID = 1 << 8 /* of vcpu_state.irq_vector */ };
enum { RFLAGS_GUEST = 0x3f7fd5, RFLAGS_ONE = 2 }; /* [SDM-2023-09] Vol 1 3.4.3 */
enum { VMX_USUAL = 1 };                           /* hvm->unusual: launched, and nothing else */

/* Events: [SDM-2023-09] Vol 3C 25.8.3, tables 25-17 and 25-23; the layout of vcpu_state.inject, error code in bits 32-63. */
#define EVENT(type, vector) (EVENT_VALID | (uint64_t)(type) << 8 | (vector))
#define EVENT_VECTOR(event) ((event)&0xffu)
#define EVENT_TYPE(event) ((event) >> 8 & 7u)
#define EVENT_VALID (1ull << 31)
enum { EVENT_HAS_ERROR = 1 << 11, EVENT_NMI_UNBLOCKED = 1 << 12 /* by IRET: of exits' events only */, EVENT_ERROR_SHIFT = 32 };

/* @hvm's VMCS becomes the current one of this processor, if it is not. */
void vmx_select(struct cpu *cpu, struct hvm *hvm);
/* @hvm's VMCS is this processor's no longer: all of it stands in memory, and it is not launched. */
void vmx_clear(struct hvm *hvm);
/* The halves of hvm_run, around the world switch in vmx_run.S; the last for an entry that VMLAUNCH or VMRESUME refused. */
void vmx_prepare(struct cpu *cpu, struct hvm *hvm, uint64_t generation);
enum hvm_exit vmx_finish(struct hvm *hvm);
enum hvm_exit vmx_refused(struct hvm *hvm);
extern const uint8_t vmx_exit[]; /* where exits arrive */
/* Words of the page to an event; false if the combination does not exist. */
MUST_CHECK bool vmx_event(uint64_t inject, uint64_t error, uint64_t *event_out);
/* Before an entry: put what waits into the controls, or open the window for it. */
void vmx_start_event(struct hvm *hvm, uint64_t rflags);
/* The page's shadow becomes the guest's. */
void vmx_apply_shadow(struct vmx *vmx, bool shadow, uint64_t rflags);
/* After an exit: what was delivered is forgotten, what was cut short (@vectoring) happens again. */
void vmx_settle_events(struct hvm *hvm, uint64_t vectoring);
