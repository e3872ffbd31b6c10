/* Self-interrupts: by the self-IPI register, by ICR shorthand, physical and logical destination; the higher priority
 * first; a masked one (TPR) waits. [SDM-2023-09] Vol 3A 11.6, 11.8, 11.12.11. */
#include <apic.h>

static volatile unsigned order[8];
static volatile unsigned taken;

static void on_low(void)
{
    order[taken++ & 7] = 0x41;
    apic_end_of_interrupt();
}

static void on_high(void)
{
    order[taken++ & 7] = 0xa1;
    apic_end_of_interrupt();
}

static void settle(void)
{
    for (unsigned spin = 0; spin < 10000; spin++)
        interrupts_window();
}

static void test_priorities(void)
{
    taken = 0;
    apic_self(0x41);
    apic_self(0xa1);
    apic_self(0x41);
    settle();
    expect_equal(taken, 2, "two of one vector are one");
    expect(order[0] == 0xa1 && order[1] == 0x41, "the higher vector comes first");
}

/* By its register and not by CR8: QEMU 7.2 asserts (tcg_handle_interrupt) when a guest of SVM lowers CR8 while V_IRQ is
 * pending. */
static void test_task_priority(void)
{
    taken = 0;
    apic_write(APIC_TASK_PRIORITY, 5 << 4);
    apic_self(0x41);
    apic_self(0xa1);
    settle();
    expect(taken == 1 && order[0] == 0xa1, "the task priority holds the lower one back");
    apic_write(APIC_TASK_PRIORITY, 0 << 4);
    settle();
    expect_equal(taken, 2, "and lets it through later");
}

void test(void)
{
    apic_open(APIC_X2);
    interrupt_set(0x41, on_low);
    interrupt_set(0xa1, on_high);
    wrmsr(0x83f, 0x41);
    settle();
    expect_equal(taken, 1, "the self-IPI register");
    wrmsr(0x830, 0x41); /* fixed, physical, to identity 0 */
    settle();
    expect_equal(taken, 2, "ICR, physical destination");
    test_priorities();
    test_task_priority();
}
