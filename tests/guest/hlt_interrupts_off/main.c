/* HLT with interrupts off can never end by itself: the VMM reports it, or the guest stays halted and costs nothing. */
#include <guest.h>

void test(void)
{
    print("halting for good\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}
