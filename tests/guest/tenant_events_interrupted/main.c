/* A guest that waits in a hypercall still gets its interrupts: the timer ends the wait long before its deadline, the
 * handler runs, and the guest may ask again. */
#include <apic.h>
#include <call.h>

static volatile unsigned ticks;

static void on_timer(void)
{
    ticks++;
    apic_end_of_interrupt();
}

/* By the VMM's bell, or by its limit: the VMM wants the processor back when the guest's timer is due. */
static bool ended_early(enum error error)
{
    return error == ERR_CANCELED || error == ERR_TIMEOUT;
}

void test(void)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    expect_equal(tenant_events(call_patient, SLOT_TENANT, DEADLINE_NEVER, 0, &sequence, &kind), OK,
                 "it was started");
    const uint64_t limit = rdtsc() + call_ticks(2000);
    apic_open(APIC_X2);
    interrupt_set(0x40, on_timer);
    apic_timer(0x40, APIC_PERIODIC, 2000000);
    interrupts_on();
    const unsigned before = ticks;
    const enum error error = tenant_events(call_raw, SLOT_TENANT, limit, sequence, &sequence, &kind);
    interrupts_off();
    apic_timer(0x40, APIC_MASKED, 0);
    print_value("answer", error);
    expect(ended_early(error), "the interrupt ended the wait");
    expect(rdtsc() < limit, "long before the deadline");
    expect(ticks > before, "the timer's interrupt was taken");
    call_expect_alive();
}
