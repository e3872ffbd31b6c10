#include "cpuid.h"
#include "fakes.h"
#include "unit.h"

static struct cpuid_policy policy;

static void test_cpuid__signatures_stand_where_guests_look(void)
{
    cpuid_build(&policy);
    const struct cpuid_leaf *ours = cpuid_find(&policy, 0x40000000, 0),
                            *kvm = cpuid_find(&policy, 0x40000100, 0);
    CHECK(memcmp(&ours->ebx, "BulkheadVMM", 12) == 0);
    CHECK(memcmp(&kvm->ebx, "KVMKVMKVM\0\0\0", 12) == 0);
    CHECK_EQ(cpuid_find(&policy, 0x40000101, 0)->eax, 0x0100006b);
    CHECK_EQ(cpuid_find(&policy, 0x40000200, 0)->eax, 0);
}

/* On a processor that has everything, only what the policy names is offered. */
static void test_cpuid__hides_what_is_not_offered(void)
{
    cpuid_build(&policy);
    CHECK_EQ(cpuid_find(&policy, 1, 0)->ecx & 0x00028078, 0);       /* MONITOR, VMX, SMX, DCA, PDCM, PCID */
    CHECK_EQ(cpuid_find(&policy, 1, 0)->ecx >> 27 & 1, 0);          /* OSXSAVE follows CR4 */
    CHECK_EQ(cpuid_find(&policy, 0x80000001, 0)->ecx & 4, 0);       /* SVM */
    CHECK_EQ(cpuid_find(&policy, 0x80000001, 0)->edx >> 27 & 1, 0); /* RDTSCP */
    CHECK_EQ(cpuid_find(&policy, 7, 0)->ebx & 0x00010414, 0);       /* SGX, HLE, INVPCID, AVX512F */
    CHECK_EQ(cpuid_find(&policy, 7, 0)->ecx & 0x00410018, 0);       /* PKU, OSPKE, LA57, RDPID */
    CHECK_EQ(cpuid_find(&policy, 7, 0)->edx >> 26, 0);              /* speculation MSRs */
    CHECK_EQ(cpuid_find(&policy, 0xa, 0)->eax, 0);
    CHECK_EQ(cpuid_find(&policy, 0x8000000a, 0)->edx, 0);
    CHECK_EQ(cpuid_find(&policy, 0x8000001f, 0)->eax, 0);
    CHECK_EQ(policy.xcr0_allowed, 7);
    CHECK_EQ(cpuid_find(&policy, 0xd, 0)->eax, 7);
    CHECK_EQ(cpuid_find(&policy, 0xd, 5)->eax, 0);
}

static void test_cpuid__tables_fit(void)
{
    cpuid_build(&policy);
    CHECK(policy.sub_used <= CPUID_SUBLEAVES);
    for (uint64_t leaf = 0; leaf < 0x100; leaf++) {
        for (uint32_t sub = 0; sub < 64; sub++) {
            CHECK(cpuid_find(&policy, (uint32_t)leaf, sub) != NULL);
            CHECK(cpuid_find(&policy, 0x80000000 + (uint32_t)leaf, sub) != NULL);
        }
    }
    CHECK_EQ(cpuid_find(&policy, UINT32_MAX, UINT32_MAX)->eax, 0);
    CHECK_EQ(cpuid_find(&policy, 0x7fffffff, 0)->eax, 0);
}

static void test_cpuid__poor_processors_give_poor_policies(void)
{
    fake_basic_most = 1;
    fake_extended_most = 0x80000001;
    cpuid_build(&policy);
    CHECK_EQ(policy.xcr0_allowed, 0);
    CHECK_EQ(cpuid_find(&policy, 1, 0)->ecx & 0x34001000, 0); /* no XSAVE: no AVX, FMA, F16C */
    CHECK_EQ(cpuid_find(&policy, 7, 0)->ebx, 0);
    CHECK_EQ(cpuid_find(&policy, 0x80000008, 0)->eax, 0);
    fake_basic_most = 0x1f;
    fake_extended_most = 0x80000021;
}

static void test_cpuid__dynamic_bits_follow_the_guest(void)
{
    cpuid_build(&policy);
    struct cpuid_leaf one = *cpuid_find(&policy, 1, 0), d = *cpuid_find(&policy, 0xd, 0);
    CHECK_EQ(cpuid_adjust(&policy, 1, 0, one, 1u << 18, 1, true).ecx >> 27 & 1, 1);
    CHECK_EQ(cpuid_adjust(&policy, 1, 0, one, 0, 1, true).ecx >> 27 & 1, 0);
    CHECK_EQ(cpuid_adjust(&policy, 1, 0, one, 0, 1, false).edx >> 9 & 1, 0);
    CHECK_EQ(cpuid_adjust(&policy, 0xd, 0, d, 0, 3, true).ebx, 576);
    CHECK_EQ(cpuid_adjust(&policy, 0xd, 0, d, 0, 7, true).ebx, 832);
}

int main(void)
{
    RUN(test_cpuid__signatures_stand_where_guests_look);
    RUN(test_cpuid__hides_what_is_not_offered);
    RUN(test_cpuid__tables_fit);
    RUN(test_cpuid__poor_processors_give_poor_policies);
    RUN(test_cpuid__dynamic_bits_follow_the_guest);
    return UNIT_RESULT();
}
