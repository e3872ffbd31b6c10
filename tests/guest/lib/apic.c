#include "apic.h"

enum {
    APIC_BASE_MSR = 0x1b,
    X2APIC_MSRS = 0x800,
    VECTOR_SPURIOUS = 0xff,
    DIVIDE_BY_1 = 0xb,
    SHORTHAND_SELF = 0x40000
};

static const uint64_t PAGE_ADDRESS = 0xfee00000;
/* The mode is the processor's own state; this is the library's copy of it. */
static enum apic_mode current;

static volatile uint32_t *page_register(enum apic_register index)
{
    return (volatile uint32_t *)(PAGE_ADDRESS + (uint64_t)index * 16);
}

uint32_t apic_read(enum apic_register index)
{
    return current == APIC_X2 ? (uint32_t)rdmsr(X2APIC_MSRS + index) : *page_register(index);
}

void apic_write(enum apic_register index, uint32_t value)
{
    if (current == APIC_X2)
        wrmsr(X2APIC_MSRS + index, value);
    else
        *page_register(index) = value;
}

static void on_spurious(void)
{
}

void apic_open(enum apic_mode mode)
{
    const uint64_t base = rdmsr(APIC_BASE_MSR) & 0x000ffffffffff100ull;
    current = mode;
    wrmsr(APIC_BASE_MSR, base | 0x800);
    if (mode == APIC_X2)
        wrmsr(APIC_BASE_MSR, base | 0xc00);
    interrupt_set(VECTOR_SPURIOUS, on_spurious);
    apic_write(APIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_DIVIDE, DIVIDE_BY_1);
}

void apic_end_of_interrupt(void)
{
    apic_write(APIC_END, 0);
}

void apic_timer(uint8_t vector, enum apic_timer_mode mode, uint32_t count)
{
    apic_write(APIC_TIMER, (uint32_t)mode | vector);
    if (mode != APIC_DEADLINE)
        apic_write(APIC_INITIAL_COUNT, count);
}

void apic_self(uint8_t vector)
{
    apic_write(APIC_COMMAND, SHORTHAND_SELF | vector);
}
