/* An instruction outside the decoder's closed set on a device page ends this guest with a report that shows its bytes
 * (status 126), or is answered by an exception: never more than that. */
#include <apic.h>

void test(void)
{
    static uint8_t source[16] __attribute__((aligned(16)));
    apic_open(APIC_PAGE);
    print("a vector store to the APIC page\n");
    __asm__ volatile("movaps %1, %%xmm0; movaps %%xmm0, (%0)" : : "r"(0xfee00080ull), "m"(source) : "memory");
    guest_exit(0x12);
}
