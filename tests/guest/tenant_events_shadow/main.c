/* The hypercall stands in the shadow of STI with an interrupt pending, as in `sti; hlt`: the wait must end for it, or the
 * guest would sleep through its own interrupt. */
#include <apic.h>
#include <call.h>

static volatile unsigned ticks;

static void on_timer(void)
{
    ticks++;
    apic_end_of_interrupt();
}

/* events(@seen) with nothing between STI and the call. */
static uint64_t sti_and_call(uint64_t seen, uint64_t deadline)
{
    uint64_t rax = HYPERCALL_BIT | SLOT_TENANT;
    register uint64_t r8 __asm__("r8") = 0, r9 __asm__("r9") = 0, r10 __asm__("r10") = 0;
    __asm__ volatile("push %%rbp\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "sti\n\t"
                     "vmmcall\n\t"
                     "nop\n\t"
                     "pop %%rbp"
                     : "+a"(rax), "+b"(seen), "+D"(deadline), "+r"(r8), "+r"(r9), "+r"(r10)
                     : "S"(label_make(INTERFACE_TENANT, TENANT_EVENTS, 1)), "d"(0)
                     : "r12", "r13", "r14", "r15", "memory");
    return rax;
}

void test(void)
{
    if (!call_on_amd())
        verdict(true, "VMCALL's turn comes with VMX");
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    expect_equal(tenant_events(call_patient, SLOT_TENANT, DEADLINE_NEVER, 0, &sequence, &kind), OK,
                 "it was started");
    const uint64_t limit = rdtsc() + call_ticks(2000);
    apic_open(APIC_X2);
    interrupt_set(0x40, on_timer);
    apic_timer(0x40, APIC_ONE_SHOT, 100000);
    while (apic_read(APIC_CURRENT_COUNT) != 0)
        __asm__ volatile("pause");
    const uint64_t rax = sti_and_call(sequence, limit);
    interrupts_off();
    print_value("answer", rax);
    expect(rdtsc() < limit, "long before the deadline");
    expect(ticks == 1, "the timer's interrupt was taken");
    call_expect_alive();
}
