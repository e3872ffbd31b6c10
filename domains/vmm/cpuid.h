/* What CPUID tells the guest: tables built once, found by direct index. */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include "common.h"

struct cpuid_leaf {
    uint32_t eax, ebx, ecx, edx;
};

#define CPUID_BASIC 32u
#define CPUID_EXTENDED 34u
#define CPUID_OURS UINT32_C(0x40000000)
#define CPUID_KVM UINT32_C(0x40000100)
#define CPUID_SIGNATURE_LEAVES 2u
#define CPUID_SUBLEAVES 32u

struct cpuid_policy {
    uint32_t plain; /* basic leaves whose answer is basic[leaf] whatever ECX and the guest's registers say */
    struct cpuid_leaf basic[CPUID_BASIC];
    struct cpuid_leaf extended[CPUID_EXTENDED];
    struct cpuid_leaf ours[CPUID_SIGNATURE_LEAVES];
    struct cpuid_leaf kvm[CPUID_SIGNATURE_LEAVES];
    /* Basic leaves that depend on ECX: sub_count 0 = does not. */
    uint8_t sub_first[CPUID_BASIC], sub_count[CPUID_BASIC];
    struct cpuid_leaf sub[CPUID_SUBLEAVES];
    struct cpuid_leaf none; /* zeros, for everything beyond */
    uint32_t sub_used;
    uint64_t xcr0_allowed; /* 0: XSAVE is not offered */
};

/* The processor's own answer; link-time seam (host.c in the domain, a fake in tests). */
struct cpuid_leaf host_cpuid(uint32_t leaf, uint32_t subleaf);

void cpuid_build(struct cpuid_policy *policy);
/* Leaves whose table entry still needs the guest's CR4, XCR0 or APIC base: cpuid_adjust after cpuid_find. */
static inline bool cpuid_is_dynamic(uint32_t leaf)
{
    return leaf == 1 || leaf == 0xd;
}
struct cpuid_leaf cpuid_adjust(const struct cpuid_policy *policy, uint32_t leaf, uint32_t subleaf,
                               struct cpuid_leaf value, uint64_t cr4, uint64_t xcr0, bool apic_enabled);
/* Ranges other than the basic and extended ones. */
const struct cpuid_leaf *cpuid_find_signature(const struct cpuid_policy *policy, uint32_t leaf);

static inline const struct cpuid_leaf *cpuid_find(const struct cpuid_policy *policy, uint32_t leaf,
                                                  uint32_t subleaf)
{
    if (leaf < CPUID_BASIC) {
        if (policy->sub_count[leaf] == 0) {
            return &policy->basic[leaf];
        }
        return subleaf < policy->sub_count[leaf] ? &policy->sub[policy->sub_first[leaf] + subleaf]
                                                 : &policy->none;
    }
    if (leaf - UINT32_C(0x80000000) < CPUID_EXTENDED) {
        return &policy->extended[leaf - UINT32_C(0x80000000)];
    }
    return cpuid_find_signature(policy, leaf);
}

#endif
