/* INIT and start-up IPIs to processors that do not exist, and every other delivery mode with random destinations: taken
 * without effect. */
#include <apic.h>

void test(void)
{
    apic_open(APIC_X2);
    for (uint64_t destination = 1; destination < 16; destination++) {
        wrmsr(0x830, destination << 32 | 0x4500); /* INIT */
        wrmsr(0x830, destination << 32 | 0x4608); /* start-up at 0x8000 */
        wrmsr(0x830, destination << 32 | 0x4608);
    }
    wrmsr(0x830, 0xc4500); /* INIT to all others */
    wrmsr(0x830, 0xc4608);
    print("still here\n");
}
