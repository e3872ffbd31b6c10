/* The local APIC through its page: the same timer, decoded from memory accesses. [SDM-2023-09] Vol 3A 11.4, 11.5.4. */
#include <apic.h>

static volatile unsigned ticks;

static void on_timer(void)
{
    ticks++;
    apic_end_of_interrupt();
}

static void wait_ticks(unsigned count, const char *claim)
{
    for (unsigned wakes = 0; wakes < 1000 && ticks < count; wakes++)
        wait_for_interrupt();
    expect(ticks >= count, claim);
}

static void test_one_shot(void)
{
    ticks = 0;
    apic_timer(0x40, APIC_ONE_SHOT, 100000);
    wait_ticks(1, "a one-shot timer fires");
    for (unsigned spin = 0; spin < 100000; spin++)
        interrupts_window();
    expect_equal(ticks, 1, "once");
    expect_equal(apic_read(APIC_CURRENT_COUNT), 0, "and its count stays zero");
}

static void test_periodic(void)
{
    ticks = 0;
    apic_timer(0x40, APIC_PERIODIC, 100000);
    wait_ticks(5, "a periodic timer fires again");
    apic_timer(0x40, APIC_MASKED, 0);
    for (unsigned spin = 0; spin < 1000; spin++) /* a tick that was requested before the mask still comes */
        interrupts_window();
}

static void test_counting(void)
{
    apic_timer(0x40, APIC_MASKED, 0xffffffff);
    const uint32_t first = apic_read(APIC_CURRENT_COUNT);
    for (unsigned spin = 0; spin < 10000; spin++)
        __asm__ volatile("pause");
    const uint32_t second = apic_read(APIC_CURRENT_COUNT);
    expect(second < first && second != 0, "the count goes down");
}

void test(void)
{
    apic_open(APIC_PAGE);
    interrupt_set(0x40, on_timer);
    expect_equal(rdmsr(0x1b) >> 10 & 3, 2, "enabled in xAPIC mode");
    expect_equal(apic_read(APIC_VERSION) & 0xf0, 0x10, "an integrated APIC");
    expect_equal(apic_read(APIC_ID), 0, "its identity is zero");
    test_one_shot();
    test_periodic();
    test_counting();
}
