/* [SDM-2023-09] Vol 3A chapter 11. */
#include "lapic.h"

#define BASE_BSP (UINT64_C(1) << 8)
#define BASE_X2APIC (UINT64_C(1) << 10)
#define BASE_ENABLE (UINT64_C(1) << 11)
#define BASE_WRITABLE (BASE_BSP | BASE_X2APIC | BASE_ENABLE | UINT64_C(0xffffff000))

#define VERSION_VALUE 0x00050014u /* six LVT entries, version 0x14 */
#define SVR_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_TIMER_MODE 0x60000u
#define TIMER_ONE_SHOT 0x00000u
#define TIMER_PERIODIC 0x20000u
#define TIMER_TSC_DEADLINE 0x40000u
#define MODE_FIXED 0u
#define MODE_LOWEST 1u
#define MODE_NMI 4u
#define MODE_INIT 5u
#define MODE_STARTUP 6u
#define MODE_EXTINT 7u
#define ESR_SEND_ILLEGAL 0x20u
#define ESR_RECEIVE_ILLEGAL 0x40u
#define ESR_BAD_REGISTER 0x80u
#define X2APIC_LDR 1u /* cluster 0, processor 0 */
#define MSR_ICR 0x830u

enum {
    LVT_INDEX_TIMER,
    LVT_INDEX_THERMAL,
    LVT_INDEX_COUNTER,
    LVT_INDEX_LINT0,
    LVT_INDEX_LINT1,
    LVT_INDEX_ERROR
};

static const uint32_t lvt_writable[LAPIC_LVTS] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

static void reset_registers(struct lapic *lapic)
{
    uint64_t base = lapic->base;
    volatile uint32_t *word = lapic->eoi_word;
    *lapic = (struct lapic){
        .base = base, .dfr = UINT32_MAX, .svr = 0xff, .expiry_ns = TIME_NEVER, .eoi_word = word};
    for (unsigned i = 0; i < LAPIC_LVTS; i++) {
        lapic->lvt[i] = LVT_MASKED;
    }
}

void lapic_init(struct lapic *lapic)
{
    lapic->base = LAPIC_PAGE | BASE_BSP | BASE_ENABLE;
    reset_registers(lapic);
    /* As firmware leaves it: "virtual wire", the 8259 pair through LINT0, NMI at LINT1. */
    lapic->lvt[LVT_INDEX_LINT0] = MODE_EXTINT << 8;
    lapic->lvt[LVT_INDEX_LINT1] = MODE_NMI << 8;
}

bool lapic_enabled(const struct lapic *lapic)
{
    return (lapic->base & BASE_ENABLE) != 0;
}

bool lapic_is_x2apic(const struct lapic *lapic)
{
    return (lapic->base & (BASE_ENABLE | BASE_X2APIC)) == (BASE_ENABLE | BASE_X2APIC);
}

static bool software_enabled(const struct lapic *lapic)
{
    return lapic_enabled(lapic) && (lapic->svr & SVR_ENABLE) != 0;
}

bool lapic_write_base(struct lapic *lapic, uint64_t value)
{
    bool enable = (value & BASE_ENABLE) != 0, x2apic = (value & BASE_X2APIC) != 0;
    bool was_x2apic = lapic_is_x2apic(lapic), was_enabled = lapic_enabled(lapic);
    if ((value & ~BASE_WRITABLE) != 0 || (x2apic && !enable)) {
        return false;
    }
    /* Out of x2APIC only to "disabled"; into it only from xAPIC. The page stays where it is. */
    if ((was_x2apic && enable && !x2apic) || (!was_enabled && x2apic) ||
        (value & ~UINT64_C(0xfff)) != LAPIC_PAGE) {
        return false;
    }
    lapic->base = value | BASE_BSP;
    if (!enable && was_enabled) {
        reset_registers(lapic);
    }
    return true;
}

static bool any_bit(const uint32_t words[8])
{
    return (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7]) != 0;
}

static int highest_bit(const uint32_t words[8])
{
    if (!any_bit(words)) {
        return -1;
    }
    for (int i = 6; i >= 0; i -= 2) {
        uint64_t both = (uint64_t)words[i + 1] << 32 | words[i];
        if (both != 0) {
            return i * 32 + 63 - __builtin_clzll(both);
        }
    }
    return -1;
}

bool lapic_waiting(const struct lapic *lapic)
{
    return any_bit(lapic->irr) || lapic->nmi;
}

static void set_bit(uint32_t words[8], uint8_t vector)
{
    words[vector / 32] |= 1u << vector % 32;
}

static void clear_bit(uint32_t words[8], uint8_t vector)
{
    words[vector / 32] &= ~(1u << vector % 32);
}

static bool test_bit(const uint32_t words[8], uint8_t vector)
{
    return (words[vector / 32] >> vector % 32 & 1u) != 0;
}

static uint32_t processor_priority(const struct lapic *lapic)
{
    int serving = highest_bit(lapic->isr);
    uint32_t in_service = serving < 0 ? 0 : (uint32_t)serving & 0xf0u;
    return (lapic->tpr & 0xf0u) >= in_service ? lapic->tpr & 0xffu : in_service;
}

#define EOI_BIT 1u

/* The guest cleared the bit: the interrupt that it served has ended. */
static void settle_eoi(struct lapic *lapic)
{
    if (!lapic->eoi_lent || (*lapic->eoi_word & EOI_BIT) != 0) {
        return;
    }
    int serving = highest_bit(lapic->isr);
    lapic->eoi_lent = false;
    if (serving >= 0) {
        clear_bit(lapic->isr, (uint8_t)serving);
    }
}

/* From here on the guest ends interrupts by the register. */
static void take_back_eoi(struct lapic *lapic)
{
    settle_eoi(lapic);
    if (lapic->eoi_lent) {
        lapic->eoi_lent = false;
        *lapic->eoi_word &= ~EOI_BIT;
    }
}

void lapic_lend_eoi(struct lapic *lapic, uint8_t vector)
{
    if (lapic->eoi_word == NULL || lapic->eoi_lent || any_bit(lapic->isr)) {
        return;
    }
    clear_bit(lapic->irr, vector);
    bool others = any_bit(lapic->irr);
    set_bit(lapic->irr, vector);
    if (!others && !test_bit(lapic->tmr, vector)) { /* a level's end concerns the IOAPIC, too */
        lapic->eoi_lent = true;
        *lapic->eoi_word |= EOI_BIT;
    }
}

void lapic_set_eoi_word(struct lapic *lapic, volatile uint32_t *word)
{
    take_back_eoi(lapic);
    lapic->eoi_word = word;
}

int lapic_pending(struct lapic *lapic)
{
    int vector = highest_bit(lapic->irr);
    if (vector >= 0) {
        take_back_eoi(lapic);
    }
    if (vector < 0 || !software_enabled(lapic)) {
        return -1;
    }
    return ((uint32_t)vector & 0xf0u) > (processor_priority(lapic) & 0xf0u) ? vector : -1;
}

void lapic_delivered(struct lapic *lapic, uint8_t vector)
{
    clear_bit(lapic->irr, vector);
    set_bit(lapic->isr, vector);
}

static void raise_lvt(struct lapic *lapic, unsigned index)
{
    uint32_t entry = lapic->lvt[index];
    if ((entry & LVT_MASKED) != 0 || !software_enabled(lapic)) {
        return;
    }
    unsigned mode = index == LVT_INDEX_TIMER || index == LVT_INDEX_ERROR ? MODE_FIXED : entry >> 8 & 7u;
    if (mode == MODE_FIXED) {
        lapic_accept(lapic, (uint8_t)entry, false);
    } else if (mode == MODE_NMI) {
        lapic->nmi = true;
    }
}

static void report_error(struct lapic *lapic, uint32_t bits)
{
    bool fresh = (lapic->esr_next & bits) != bits;
    lapic->esr_next |= bits;
    if (fresh && (lapic->lvt[LVT_INDEX_ERROR] & 0xf0u) != 0) {
        raise_lvt(lapic, LVT_INDEX_ERROR);
    }
}

void lapic_accept(struct lapic *lapic, uint8_t vector, bool level)
{
    if (!software_enabled(lapic)) {
        return;
    }
    if (vector < 16) { /* 11.5.3: illegal vector received */
        report_error(lapic, ESR_RECEIVE_ILLEGAL);
        return;
    }
    set_bit(lapic->irr, vector);
    if (level) {
        set_bit(lapic->tmr, vector);
    } else {
        clear_bit(lapic->tmr, vector);
    }
}

bool lapic_matches(const struct lapic *lapic, uint8_t destination, bool logical)
{
    if (destination == 0xff) {
        return true;
    }
    if (!logical) {
        return destination == 0;
    }
    if (lapic_is_x2apic(lapic)) {
        return (destination & X2APIC_LDR) != 0;
    }
    uint8_t id = (uint8_t)(lapic->ldr >> 24);
    if (lapic->dfr >> 28 == 0xf) {
        return (destination & id) != 0;
    }
    return destination >> 4 == id >> 4 && (destination & id & 0xfu) != 0;
}

bool lapic_accepts_extint(const struct lapic *lapic)
{
    uint32_t lint0 = lapic->lvt[LVT_INDEX_LINT0];
    return !lapic_enabled(lapic) || ((lint0 & LVT_MASKED) == 0 && (lint0 >> 8 & 7u) == MODE_EXTINT);
}

/* 11.5.4 figure 11-10: 0b1011 divides by 1, otherwise 2 << value. */
static uint64_t divisor(const struct lapic *lapic)
{
    unsigned code = (lapic->divide & 3u) | (lapic->divide >> 1 & 4u);
    return code == 7 ? 1 : UINT64_C(2) << code;
}

static uint64_t period_ns(const struct lapic *lapic)
{
    return (uint64_t)lapic->initial * divisor(lapic);
}

static uint32_t timer_mode(const struct lapic *lapic)
{
    return lapic->lvt[LVT_INDEX_TIMER] & LVT_TIMER_MODE;
}

static void start_timer(struct lapic *lapic, uint64_t now_ns)
{
    lapic->start_ns = now_ns;
    bool off = lapic->initial == 0 || timer_mode(lapic) == TIMER_TSC_DEADLINE;
    lapic->expiry_ns = off ? TIME_NEVER : now_ns + period_ns(lapic);
}

static uint32_t current_count(const struct lapic *lapic, uint64_t now_ns)
{
    if (lapic->expiry_ns == TIME_NEVER || now_ns >= lapic->expiry_ns) {
        return 0;
    }
    return (uint32_t)((lapic->expiry_ns - now_ns) / divisor(lapic));
}

void lapic_expire(struct lapic *lapic, uint64_t now_ns, uint64_t guest_tsc)
{
    if (lapic->tsc_deadline != 0 && guest_tsc >= lapic->tsc_deadline) {
        lapic->tsc_deadline = 0;
        raise_lvt(lapic, LVT_INDEX_TIMER);
    }
    if (now_ns < lapic->expiry_ns || lapic->expiry_ns == TIME_NEVER) {
        return;
    }
    raise_lvt(lapic, LVT_INDEX_TIMER);
    if (timer_mode(lapic) != TIMER_PERIODIC) {
        lapic->expiry_ns = TIME_NEVER;
        return;
    }
    uint64_t period = period_ns(lapic); /* not 0 while expiry_ns is set */
    lapic->expiry_ns += ((now_ns - lapic->expiry_ns) / period + 1) * period;
}

uint64_t lapic_read_tsc_deadline(const struct lapic *lapic)
{
    return lapic->tsc_deadline;
}

void lapic_write_tsc_deadline(struct lapic *lapic, uint64_t value)
{
    if (timer_mode(lapic) == TIMER_TSC_DEADLINE) { /* 11.5.4.1: ignored in the other modes */
        lapic->tsc_deadline = value;
    }
}

static enum lapic_effect end_of_interrupt(struct lapic *lapic, uint8_t *vector)
{
    int serving = highest_bit(lapic->isr);
    if (serving < 0) {
        return LAPIC_EFFECT_NONE;
    }
    *vector = (uint8_t)serving;
    clear_bit(lapic->isr, *vector);
    return test_bit(lapic->tmr, *vector) ? LAPIC_EFFECT_EOI_LEVEL : LAPIC_EFFECT_NONE;
}

/* There is no other processor: a message elsewhere disappears, INIT and start-up are accepted and ignored. */
static void send_ipi(struct lapic *lapic, uint32_t command, uint32_t destination)
{
    unsigned shorthand = command >> 18 & 3u;
    bool logical = (command & 0x800u) != 0, here;
    if (shorthand != 0) {
        here = shorthand != 3;
    } else if (lapic_is_x2apic(lapic)) {
        here = destination == UINT32_MAX ||
               (logical ? destination >> 16 == 0 && (destination & X2APIC_LDR) != 0 : destination == 0);
    } else {
        here = lapic_matches(lapic, (uint8_t)(destination >> 24), logical);
    }
    switch (command >> 8 & 7u) {
    case MODE_FIXED:
    case MODE_LOWEST:
        if ((uint8_t)command < 16) {
            report_error(lapic, ESR_SEND_ILLEGAL);
        } else if (here) {
            lapic_accept(lapic, (uint8_t)command, false);
        }
        return;
    case MODE_NMI:
        lapic->nmi = lapic->nmi || here;
        return;
    default:
        return;
    }
}

static uint32_t read_bitmap(const uint32_t words[8], uint32_t offset)
{
    return words[offset >> 4 & 7u];
}

static uint32_t read_lvt(const struct lapic *lapic, uint32_t offset)
{
    return lapic->lvt[(offset - LAPIC_LVT_TIMER) >> 4];
}

uint32_t lapic_read(struct lapic *lapic, uint32_t offset, uint64_t now_ns)
{
    settle_eoi(lapic);
    switch (offset) {
    case LAPIC_VERSION:
        return VERSION_VALUE;
    case LAPIC_TPR:
        return lapic->tpr;
    case LAPIC_PPR:
        return processor_priority(lapic);
    case LAPIC_LDR:
        return lapic_is_x2apic(lapic) ? X2APIC_LDR : lapic->ldr;
    case LAPIC_DFR:
        return lapic->dfr;
    case LAPIC_SVR:
        return lapic->svr;
    case LAPIC_ESR:
        return lapic->esr;
    case LAPIC_ICR_LOW:
        return lapic->icr_low;
    case LAPIC_ICR_HIGH:
        return lapic->icr_high;
    case LAPIC_INITIAL:
        return timer_mode(lapic) == TIMER_TSC_DEADLINE ? 0 : lapic->initial;
    case LAPIC_CURRENT:
        return current_count(lapic, now_ns);
    case LAPIC_DIVIDE:
        return lapic->divide;
    default:
        break;
    }
    if (offset >= LAPIC_ISR && offset < LAPIC_TMR) {
        return read_bitmap(lapic->isr, offset);
    }
    if (offset >= LAPIC_TMR && offset < LAPIC_IRR) {
        return read_bitmap(lapic->tmr, offset);
    }
    if (offset >= LAPIC_IRR && offset < LAPIC_ESR) {
        return read_bitmap(lapic->irr, offset);
    }
    if (offset >= LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR) {
        return read_lvt(lapic, offset);
    }
    return 0; /* the ID of processor 0, and the reserved ones */
}

static void write_lvt(struct lapic *lapic, uint32_t offset, uint32_t value, uint64_t now_ns)
{
    unsigned index = (offset - LAPIC_LVT_TIMER) >> 4;
    uint32_t old_mode = timer_mode(lapic);
    value &= lvt_writable[index];
    if ((lapic->svr & SVR_ENABLE) == 0) {
        value |= LVT_MASKED; /* 11.4.7.2 */
    }
    lapic->lvt[index] = value;
    if (index != LVT_INDEX_TIMER || timer_mode(lapic) == old_mode) {
        return;
    }
    /* 11.5.4.1: a change from or to the deadline mode disarms the timer. */
    if (old_mode == TIMER_TSC_DEADLINE || timer_mode(lapic) == TIMER_TSC_DEADLINE) {
        lapic->tsc_deadline = 0;
        lapic->initial = 0;
        start_timer(lapic, now_ns);
    }
}

static void write_svr(struct lapic *lapic, uint32_t value)
{
    lapic->svr = value & 0x1ffu;
    if ((value & SVR_ENABLE) != 0) {
        return;
    }
    for (unsigned i = 0; i < LAPIC_LVTS; i++) {
        lapic->lvt[i] |= LVT_MASKED;
    }
}

static void change_divisor(struct lapic *lapic, uint32_t value, uint64_t now_ns)
{
    uint32_t left = current_count(lapic, now_ns);
    lapic->divide = value & 0xbu;
    if (lapic->expiry_ns != TIME_NEVER) {
        lapic->expiry_ns = now_ns + left * divisor(lapic);
    }
}

enum lapic_effect lapic_write(struct lapic *lapic, uint32_t offset, uint32_t value, uint64_t now_ns,
                              uint8_t *vector)
{
    take_back_eoi(lapic);
    switch (offset) {
    case LAPIC_TPR:
        lapic->tpr = value & 0xffu;
        return LAPIC_EFFECT_NONE;
    case LAPIC_EOI:
        return end_of_interrupt(lapic, vector);
    case LAPIC_LDR:
        lapic->ldr = value & 0xff000000u;
        return LAPIC_EFFECT_NONE;
    case LAPIC_DFR:
        lapic->dfr = value | 0x0fffffffu;
        return LAPIC_EFFECT_NONE;
    case LAPIC_SVR:
        write_svr(lapic, value);
        return LAPIC_EFFECT_NONE;
    case LAPIC_ESR: /* 11.5.3: a write makes the errors since the last one readable */
        lapic->esr = lapic->esr_next;
        lapic->esr_next = 0;
        return LAPIC_EFFECT_NONE;
    case LAPIC_ICR_LOW:
        lapic->icr_low = value & ~0x1000u; /* never busy */
        send_ipi(lapic, value, lapic->icr_high);
        return LAPIC_EFFECT_NONE;
    case LAPIC_ICR_HIGH:
        lapic->icr_high = value & 0xff000000u;
        return LAPIC_EFFECT_NONE;
    case LAPIC_INITIAL:
        if (timer_mode(lapic) != TIMER_TSC_DEADLINE) {
            lapic->initial = value;
            start_timer(lapic, now_ns);
        }
        return LAPIC_EFFECT_TIMER;
    case LAPIC_DIVIDE:
        change_divisor(lapic, value, now_ns);
        return LAPIC_EFFECT_TIMER;
    default:
        break;
    }
    if (offset >= LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR && offset % 16 == 0) {
        write_lvt(lapic, offset, value, now_ns);
        return LAPIC_EFFECT_TIMER;
    }
    return LAPIC_EFFECT_NONE; /* read-only or reserved */
}

enum { MSR_READABLE = 1, MSR_WRITABLE = 2 };

/* 11.12.1.2 table 11-6: what each x2APIC register allows. */
static unsigned msr_access(uint32_t offset)
{
    switch (offset) {
    case LAPIC_ID:
    case LAPIC_VERSION:
    case LAPIC_PPR:
    case LAPIC_LDR:
    case LAPIC_CURRENT:
        return MSR_READABLE;
    case LAPIC_EOI:
    case LAPIC_SELF_IPI:
        return MSR_WRITABLE;
    case LAPIC_TPR:
    case LAPIC_SVR:
    case LAPIC_ESR:
    case LAPIC_ICR_LOW:
    case LAPIC_INITIAL:
    case LAPIC_DIVIDE:
        return MSR_READABLE | MSR_WRITABLE;
    default:
        break;
    }
    if (offset >= LAPIC_ISR && offset < LAPIC_ESR) {
        return MSR_READABLE;
    }
    return offset >= LAPIC_LVT_TIMER && offset <= LAPIC_LVT_ERROR ? MSR_READABLE | MSR_WRITABLE : 0;
}

bool lapic_read_msr(struct lapic *lapic, uint32_t msr, uint64_t now_ns, uint64_t *value)
{
    uint32_t offset = (msr - LAPIC_MSR_FIRST) << 4;
    if (!lapic_is_x2apic(lapic) || (msr_access(offset) & MSR_READABLE) == 0) {
        return false;
    }
    *value = lapic_read(lapic, offset, now_ns);
    if (msr == MSR_ICR) {
        *value |= (uint64_t)lapic->icr_high << 32;
    }
    return true;
}

/* Bits that must be zero in a write; the rest of the registers take what lvt_writable says. */
static bool msr_value_fits(uint32_t offset, uint64_t value)
{
    switch (offset) {
    case LAPIC_EOI:
    case LAPIC_ESR:
        return value == 0;
    case LAPIC_TPR:
    case LAPIC_SELF_IPI:
        return value <= 0xff;
    case LAPIC_ICR_LOW:
        return (value & 0xfff32000u) == 0;
    case LAPIC_DIVIDE:
        return (value & ~UINT64_C(0xb)) == 0;
    case LAPIC_SVR:
        return (value & ~UINT64_C(0x11ff)) == 0;
    default:
        return value <= UINT32_MAX;
    }
}

bool lapic_write_msr(struct lapic *lapic, uint32_t msr, uint64_t value, uint64_t now_ns, uint8_t *vector,
                     enum lapic_effect *effect)
{
    uint32_t offset = (msr - LAPIC_MSR_FIRST) << 4;
    *effect = LAPIC_EFFECT_NONE;
    if (!lapic_is_x2apic(lapic) || (msr_access(offset) & MSR_WRITABLE) == 0 ||
        !msr_value_fits(offset, value)) {
        return false;
    }
    if (offset == LAPIC_SELF_IPI) {
        send_ipi(lapic, 0x40000u | (uint8_t)value, 0);
        return true;
    }
    if (offset == LAPIC_ICR_LOW) {
        lapic->icr_high = (uint32_t)(value >> 32);
    }
    *effect = lapic_write(lapic, offset, (uint32_t)value, now_ns, vector);
    return true;
}
