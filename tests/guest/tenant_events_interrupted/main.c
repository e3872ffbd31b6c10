/* A guest that waits in a hypercall still gets its interrupts: the timer ends the wait with ERR_CANCELED, the handler
 * runs, and the guest may ask again. */
#include <apic.h>
#include <call.h>

static volatile unsigned ticks;

static void on_timer(void)
{
    ticks++;
    apic_end_of_interrupt();
}

void test(void)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    /* Deadline 0 would not even wait for the answer, so what has happened already is read with a short one. */
    while (tenant_events(call_patient, SLOT_TENANT, rdtsc() + call_ticks(50), sequence, &sequence, &kind) ==
           OK) {
    }
    const uint64_t limit = rdtsc() + call_ticks(2000);
    apic_open(APIC_X2);
    interrupt_set(0x40, on_timer);
    apic_timer(0x40, APIC_ONE_SHOT, 100000);
    interrupts_on();
    enum error error = OK;
    do /* the VMM's bell may end the wait as well */
        error = tenant_events(call_raw, SLOT_TENANT, limit, sequence, &sequence, &kind);
    while (error == ERR_CANCELED && ticks == 0);
    interrupts_off();
    print_value("answer", error);
    expect(ticks == 1, "the timer's interrupt was taken");
    expect_equal(error, ERR_CANCELED, "the interrupt ended the wait");
    expect(rdtsc() < limit, "long before the deadline");
    call_expect_alive();
}
