/* The processor below, as far as the policy looks at it. */
#include "cpuid.h"
#include "virtio_entropy.h"

struct cpuid_leaf host_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_leaf value;
    __asm__ volatile("cpuid"
                     : "=a"(value.eax), "=b"(value.ebx), "=c"(value.ecx), "=d"(value.edx)
                     : "a"(leaf), "c"(subleaf));
    return value;
}

/* [SDM-2023-09] Vol 2B RDRAND: the carry flag says whether there was one. */
bool host_random(uint64_t *value)
{
    bool there;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(there));
    return there;
}
