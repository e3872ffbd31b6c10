/* The processor below, as far as the policy looks at it. */
#include "cpuid.h"

struct cpuid_leaf host_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_leaf value;
    __asm__ volatile("cpuid"
                     : "=a"(value.eax), "=b"(value.ebx), "=c"(value.ecx), "=d"(value.edx)
                     : "a"(leaf), "c"(subleaf));
    return value;
}
