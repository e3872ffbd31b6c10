/* 100,000 exits of each cheap kind as fast as they come: the VMM serves them on this tenant's time alone. */
#include <call.h>

enum { ROUNDS = 100000 };

void test(void)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        (void)cpuid(0, 0);
    print("cpuid\n");
    for (unsigned round = 0; round < ROUNDS; round++)
        out8(0x80, (uint8_t)round);
    print("port\n");
    for (unsigned round = 0; round < ROUNDS / 10; round++)
        call_expect_alive();
    print("hypercall\n");
}
