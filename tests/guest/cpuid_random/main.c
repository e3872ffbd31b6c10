/* 10,000 seeded random CPUID leaves and sub-leaves: each is answered, none says virtualization. */
#include <guest.h>

void test(void)
{
    uint64_t state = 0x6375726961;
    uint32_t mixed = 0;
    for (unsigned round = 0; round < 10000; round++) {
        const uint64_t value = random_next(&state);
        const struct cpuid out = cpuid((uint32_t)value, (uint32_t)(value >> 32));
        mixed ^= out.eax ^ out.ebx ^ out.ecx ^ out.edx;
    }
    print_value("mixed", mixed);
}
