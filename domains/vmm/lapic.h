/* The local APIC of the guest's one processor, as the xAPIC page and as x2APIC MSRs. Its timer counts a
 * 1 GHz bus clock, so time comes in nanoseconds; the TSC-deadline mode compares the guest's TSC. */
#ifndef VMM_LAPIC_H
#define VMM_LAPIC_H

#include "common.h"

#define LAPIC_PAGE UINT64_C(0xfee00000)
#define LAPIC_MSR_FIRST 0x800u
#define LAPIC_MSR_LAST 0x8ffu

/* Offsets in the page; the x2APIC MSR is 0x800 + offset / 16 ([SDM-2023-09] Vol 3A table 11-1, 11-6). */
enum lapic_offset {
    LAPIC_ID = 0x020,
    LAPIC_VERSION = 0x030,
    LAPIC_TPR = 0x080,
    LAPIC_PPR = 0x0a0,
    LAPIC_EOI = 0x0b0,
    LAPIC_LDR = 0x0d0,
    LAPIC_DFR = 0x0e0,
    LAPIC_SVR = 0x0f0,
    LAPIC_ISR = 0x100,
    LAPIC_TMR = 0x180,
    LAPIC_IRR = 0x200,
    LAPIC_ESR = 0x280,
    LAPIC_ICR_LOW = 0x300,
    LAPIC_ICR_HIGH = 0x310,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_THERMAL = 0x330,
    LAPIC_LVT_COUNTER = 0x340,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_INITIAL = 0x380,
    LAPIC_CURRENT = 0x390,
    LAPIC_DIVIDE = 0x3e0,
    LAPIC_SELF_IPI = 0x3f0,
};

#define LAPIC_LVTS 6

struct lapic {
    uint64_t base; /* IA32_APIC_BASE */
    uint32_t tpr, ldr, dfr, svr, esr, esr_next, icr_low, icr_high, divide, initial;
    uint32_t lvt[LAPIC_LVTS]; /* timer, thermal, counter, LINT0, LINT1, error */
    uint32_t irr[8], isr[8], tmr[8];
    uint64_t start_ns;     /* when `initial` was written */
    uint64_t expiry_ns;    /* next expiry of the one-shot or periodic timer, or TIME_NEVER */
    uint64_t tsc_deadline; /* 0 = disarmed */
    bool nmi;              /* an NMI waits for injection */
    /* [KVM-MSR] MSR_KVM_EOI_EN: a word in guest memory, or NULL. While its bit is lent, the guest ends the one interrupt it
     * serves by clearing the bit, without an exit; nobody asks before something else depends on it. */
    volatile uint32_t *eoi_word;
    bool eoi_lent;
};

/* What a write means outside the APIC. */
enum lapic_effect { LAPIC_EFFECT_NONE, LAPIC_EFFECT_EOI_LEVEL, LAPIC_EFFECT_TIMER };

void lapic_init(struct lapic *lapic);
bool lapic_enabled(const struct lapic *lapic); /* by IA32_APIC_BASE */
bool lapic_is_x2apic(const struct lapic *lapic);
/* False: the transition is a #GP ([SDM-2023-09] Vol 3A 11.12.5). */
bool lapic_write_base(struct lapic *lapic, uint64_t value);

/* The xAPIC page; @offset is any multiple of 4 below 4096. *vector is set for LAPIC_EFFECT_EOI_LEVEL. */
uint32_t lapic_read(struct lapic *lapic, uint32_t offset, uint64_t now_ns);
enum lapic_effect lapic_write(struct lapic *lapic, uint32_t offset, uint32_t value, uint64_t now_ns,
                              uint8_t *vector);
/* The x2APIC MSRs; false = #GP. */
bool lapic_read_msr(struct lapic *lapic, uint32_t msr, uint64_t now_ns, uint64_t *value);
bool lapic_write_msr(struct lapic *lapic, uint32_t msr, uint64_t value, uint64_t now_ns, uint8_t *vector,
                     enum lapic_effect *effect);

uint64_t lapic_read_tsc_deadline(const struct lapic *lapic);
void lapic_write_tsc_deadline(struct lapic *lapic, uint64_t value);
/* Raises the timer interrupt where a deadline has passed. */
void lapic_expire(struct lapic *lapic, uint64_t now_ns, uint64_t guest_tsc);

/* An interrupt message from the bus. */
void lapic_accept(struct lapic *lapic, uint8_t vector, bool level);
/* Does a message to @destination reach this processor? */
bool lapic_matches(const struct lapic *lapic, uint8_t destination, bool logical);
/* May the 8259 pair interrupt through LINT0 (or directly, while the APIC is off)? */
bool lapic_accepts_extint(const struct lapic *lapic);

/* Has it anything that is not yet delivered, now or ever? */
bool lapic_waiting(const struct lapic *lapic);
/* The vector to deliver now, or -1. */
int lapic_pending(struct lapic *lapic);
/* @vector is about to be delivered: the guest may end it by the word, if nothing would follow from that. */
void lapic_lend_eoi(struct lapic *lapic, uint8_t vector);
/* The word in guest memory, 4 bytes aligned and there for good; NULL = none. */
void lapic_set_eoi_word(struct lapic *lapic, volatile uint32_t *word);
/* @vector has been delivered: IRR to ISR. */
void lapic_delivered(struct lapic *lapic, uint8_t vector);

#endif
