/* A guest may send itself an NMI through the ICR: it arrives once, and the core's own NMIs are not confused by it. */
#include <apic.h>

static volatile unsigned taken;

static void on_nmi(void)
{
    taken++;
}

void test(void)
{
    apic_open(APIC_X2);
    interrupt_set(VECTOR_NMI, on_nmi);
    for (unsigned round = 1; round <= 100; round++) {
        wrmsr(0x830, 0x44400); /* NMI, assert, shorthand self */
        for (unsigned spin = 0; spin < 100000 && taken < round; spin++)
            __asm__ volatile("pause");
        expect_equal(taken, round, "each NMI arrives once");
    }
}
