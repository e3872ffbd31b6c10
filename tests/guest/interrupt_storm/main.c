/* The timer at its shortest interval with interrupts on, then self-interrupts without end: the guest makes progress or
 * drowns alone; the neighbour and the core do not notice. */
#include <apic.h>
#include <call.h>

static volatile unsigned timer_count, self_count;
static uint64_t storm_ends;

static void on_timer(void)
{
    timer_count++;
    /* At the shortest interval nothing but this handler may ever run: it ends the storm itself. */
    if (rdtsc() >= storm_ends)
        apic_timer(0x40, APIC_MASKED, 0);
    apic_end_of_interrupt();
}

static void on_self(void)
{
    self_count++;
    apic_end_of_interrupt();
}

void test(void)
{
    storm_ends = rdtsc() + call_ticks(1000);
    apic_open(APIC_X2);
    interrupt_set(0x40, on_timer);
    interrupt_set(0x41, on_self);
    apic_timer(0x40, APIC_PERIODIC, 1);
    interrupts_on();
    while (rdtsc() < storm_ends)
        __asm__ volatile("pause");
    apic_timer(0x40, APIC_MASKED, 0);
    for (unsigned round = 0; round < 20000; round++)
        apic_self(0x41);
    for (unsigned spin = 0; spin < 1000000 && self_count == 0; spin++)
        __asm__ volatile("pause");
    interrupts_off();
    print_value("timer", timer_count);
    print_value("self", self_count);
    expect(timer_count > 0, "the timer fires");
    expect(self_count > 0, "self-interrupts arrive");
    call_expect_alive();
}
