/* [SDM-2023-09] Vol 2A CPUID, [APM3] appendix E, [KVM-CPUID] Documentation/virt/kvm/x86/cpuid.rst. Every feature
 * is offered by name below; a bit that is not named is zero. Hidden on purpose: VMX and SVM; MONITOR; PCID and
 * INVPCID; RDTSCP and RDPID (TSC_AUX is not switched); PKU, AVX-512 and XSAVES (XCR0 is x87|SSE|AVX); LA57; the
 * speculation MSRs (the kernel acts on a change of compartment); MCE and performance counters. */
#include "cpuid.h"

#include <string.h>

#define BIT(n) (UINT32_C(1) << (n))

#define BASIC_MAX 0xdu
#define EXTENDED_MAX UINT32_C(0x80000021)

/* Leaf 1 ECX: SSE3 PCLMUL SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES RDRAND; with XSAVE also FMA AVX F16C. */
#define F1C_PASS \
    (BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(30))
#define F1C_XSAVE BIT(26)
#define F1C_OSXSAVE BIT(27)
#define F1C_AVX (BIT(12) | BIT(28) | BIT(29))
#define F1C_FORCE (BIT(21) | BIT(24) | BIT(31)) /* x2APIC, TSC-deadline, hypervisor: emulated */
/* Leaf 1 EDX: FPU VME DE PSE TSC MSR PAE CX8 APIC SEP MTRR PGE CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2. */
#define F1D_PASS                                                                                           \
    (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(11) | BIT(13) | BIT(15) | \
     BIT(16) | BIT(17) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
#define F1D_APIC BIT(9)
#define F1D_MTRR BIT(12)
/* Leaf 7 EBX: FSGSBASE BMI1 SMEP BMI2 ERMS RDSEED ADX SMAP CLFLUSHOPT CLWB SHA; with AVX: AVX2. */
#define F7B_PASS \
    (BIT(0) | BIT(3) | BIT(7) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(20) | BIT(23) | BIT(24) | BIT(29))
#define F7B_AVX BIT(5)
/* ECX: UMIP GFNI; with AVX: VAES VPCLMUL. EDX: FSRM MD_CLEAR. */
#define F7C_PASS (BIT(2) | BIT(8))
#define F7C_AVX (BIT(9) | BIT(10))
#define F7D_PASS (BIT(4) | BIT(10))
/* 0x80000001 ECX: LAHF CR8 ABM SSE4A MISALIGNSSE PREFETCHW TBM; with AVX: XOP FMA4. */
#define X1C_PASS (BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(21))
#define X1C_AVX (BIT(11) | BIT(16))
/* EDX: SYSCALL NX MMXEXT FXSR_OPT GBPAGES LM 3DNOWEXT 3DNOW, and AMD's copies of leaf 1. */
#define X1D_PASS (BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(26) | BIT(29) | BIT(30) | BIT(31))
#define X1D_COPY                                                                                          \
    (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(12) | BIT(13) | \
     BIT(15) | BIT(16) | BIT(17) | BIT(23) | BIT(24))
#define XCR0_OFFERED 7u
#define XSAVE_LEGACY_BYTES 576u
#define XSAVE_AVX_BYTES 256u
#define XCR0_AVX 4u

/* KVM_CPUID_FEATURES: CLOCKSOURCE, NOP_IO_DELAY, CLOCKSOURCE2, STEAL_TIME, PV_EOI, CLOCKSOURCE_STABLE. */
#define KVM_FEATURES (BIT(0) | BIT(1) | BIT(3) | BIT(5) | BIT(6) | BIT(24))

static struct cpuid_leaf *add_subleaf(struct cpuid_policy *policy, uint32_t leaf)
{
    if (policy->sub_count[leaf] == 0) {
        policy->sub_first[leaf] = (uint8_t)policy->sub_used;
    }
    policy->sub_count[leaf]++;
    return &policy->sub[policy->sub_used++]; /* at most 4 + 2 + 2 + 3 are added below */
}

static void build_features(struct cpuid_policy *policy)
{
    struct cpuid_leaf host = host_cpuid(1, 0);
    bool xsave = (host.ecx & F1C_XSAVE) != 0 && host_cpuid(0, 0).eax >= 0xd;
    policy->xcr0_allowed = xsave ? host_cpuid(0xd, 0).eax & XCR0_OFFERED : 0;
    uint32_t ecx = F1C_PASS | (xsave ? F1C_XSAVE : 0);
    if ((policy->xcr0_allowed & XCR0_AVX) != 0) {
        ecx |= F1C_AVX;
    }
    policy->basic[1] = (struct cpuid_leaf){
        .eax = host.eax,
        .ebx = (host.ebx & 0xff00u) | BIT(16), /* CLFLUSH line; one logical processor, APIC ID 0 */
        .ecx = (host.ecx & ecx) | F1C_FORCE,
        .edx = (host.edx & F1D_PASS) | F1D_APIC | F1D_MTRR,
    };
}

/* Leaf 4, Intel's caches: shared by nobody. */
static void build_caches(struct cpuid_policy *policy)
{
    for (uint32_t i = 0; i < 4; i++) {
        struct cpuid_leaf cache = host_cpuid(4, i);
        cache.eax &= 0x3fffu;
        *add_subleaf(policy, 4) = (cache.eax & 0x1fu) != 0 ? cache : policy->none;
    }
}

static void build_structured(struct cpuid_policy *policy)
{
    bool avx = (policy->xcr0_allowed & XCR0_AVX) != 0;
    struct cpuid_leaf host = host_cpuid(7, 0);
    *add_subleaf(policy, 7) = (struct cpuid_leaf){
        .ebx = host.ebx & (F7B_PASS | (avx ? F7B_AVX : 0)),
        .ecx = host.ecx & (F7C_PASS | (avx ? F7C_AVX : 0)),
        .edx = host.edx & F7D_PASS,
    };
}

/* Leaf 0xb: one thread in one core. */
static void build_topology(struct cpuid_policy *policy)
{
    *add_subleaf(policy, 0xb) = (struct cpuid_leaf){.ebx = 1, .ecx = 0x100};
    *add_subleaf(policy, 0xb) = (struct cpuid_leaf){.ebx = 1, .ecx = 0x201};
}

static uint32_t xsave_bytes(uint64_t xcr0)
{
    return XSAVE_LEGACY_BYTES + ((xcr0 & XCR0_AVX) != 0 ? XSAVE_AVX_BYTES : 0);
}

static void build_xsave(struct cpuid_policy *policy)
{
    if (policy->xcr0_allowed == 0) {
        return;
    }
    uint32_t most = xsave_bytes(policy->xcr0_allowed);
    *add_subleaf(policy, 0xd) = (struct cpuid_leaf){(uint32_t)policy->xcr0_allowed, most, most, 0};
    struct cpuid_leaf host = host_cpuid(0xd, 1);
    *add_subleaf(policy, 0xd) =
        (struct cpuid_leaf){.eax = host.eax & 7u, .ebx = most}; /* XSAVEOPT XSAVEC XGETBV1 */
    struct cpuid_leaf avx = {XSAVE_AVX_BYTES, XSAVE_LEGACY_BYTES, 0, 0};
    *add_subleaf(policy, 0xd) = (policy->xcr0_allowed & XCR0_AVX) != 0 ? avx : policy->none;
}

static void build_basic(struct cpuid_policy *policy)
{
    struct cpuid_leaf host = host_cpuid(0, 0);
    policy->basic[0] = (struct cpuid_leaf){BASIC_MAX, host.ebx, host.ecx, host.edx};
    build_features(policy);
    if (host.eax >= 2) {
        policy->basic[2] = host_cpuid(2, 0);
    }
    if (host.eax >= 4) {
        build_caches(policy);
    }
    policy->basic[6].eax = BIT(2); /* ARAT: our APIC timer never stops */
    if (host.eax >= 7) {
        build_structured(policy);
    }
    build_topology(policy);
    build_xsave(policy);
}

static void build_extended_features(struct cpuid_policy *policy)
{
    bool avx = (policy->xcr0_allowed & XCR0_AVX) != 0;
    struct cpuid_leaf host = host_cpuid(0x80000001, 0);
    policy->extended[1] = (struct cpuid_leaf){
        .eax = host.eax,
        .ebx = 0,
        .ecx = host.ecx & (X1C_PASS | (avx ? X1C_AVX : 0)),
        .edx = (host.edx & X1D_PASS) | (host.edx != 0 ? policy->basic[1].edx & X1D_COPY & host.edx : 0),
    };
}

static void build_extended(struct cpuid_policy *policy)
{
    struct cpuid_leaf host = host_cpuid(0x80000000, 0);
    uint32_t most = host.eax < EXTENDED_MAX ? host.eax : EXTENDED_MAX;
    if (most < UINT32_C(0x80000000)) {
        return;
    }
    policy->extended[0] = (struct cpuid_leaf){most, host.ebx, host.ecx, host.edx};
    build_extended_features(policy);
    /* Brand string, caches and TLBs (AMD), 0x80000019 and 1a: facts about the part, passed on. */
    static const uint8_t passed[] = {2, 3, 4, 5, 6, 0x19, 0x1a};
    for (uint32_t i = 0; i < ARRAY_COUNT(passed); i++) {
        if (UINT32_C(0x80000000) + passed[i] <= most) {
            policy->extended[passed[i]] = host_cpuid(UINT32_C(0x80000000) + passed[i], 0);
        }
    }
    if (most >= UINT32_C(0x80000007)) {
        policy->extended[7].edx = host_cpuid(0x80000007, 0).edx & BIT(8); /* invariant TSC */
    }
    if (most >= UINT32_C(0x80000008)) {
        struct cpuid_leaf sizes = host_cpuid(0x80000008, 0);
        policy->extended[8] =
            (struct cpuid_leaf){.eax = sizes.eax & 0xffffu, .ebx = sizes.ebx & (BIT(0) | BIT(2))};
    }
    if (most >= EXTENDED_MAX) {
        policy->extended[0x21].eax = host_cpuid(EXTENDED_MAX, 0).eax & (BIT(2) | BIT(6));
    }
}

static uint32_t text_word(const char *text)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

static struct cpuid_leaf signature(uint32_t last, const char text[12])
{
    return (struct cpuid_leaf){last, text_word(text), text_word(text + 4), text_word(text + 8)};
}

void cpuid_build(struct cpuid_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    build_basic(policy);
    build_extended(policy);
    for (uint32_t leaf = 0; leaf < CPUID_BASIC; leaf++) {
        if (policy->sub_count[leaf] == 0 && !cpuid_is_dynamic(leaf)) {
            policy->plain |= BIT(leaf);
        }
    }
    policy->ours[0] = signature(CPUID_OURS + 1, "BulkheadVMM");
    policy->ours[1] = (struct cpuid_leaf){.eax = 1}; /* version of this policy */
    policy->kvm[0] = signature(CPUID_KVM + 1, "KVMKVMKVM\0\0");
    policy->kvm[1] = (struct cpuid_leaf){.eax = KVM_FEATURES};
}

const struct cpuid_leaf *cpuid_find_signature(const struct cpuid_policy *policy, uint32_t leaf)
{
    if (leaf - CPUID_OURS < CPUID_SIGNATURE_LEAVES) {
        return &policy->ours[leaf - CPUID_OURS];
    }
    if (leaf - CPUID_KVM < CPUID_SIGNATURE_LEAVES) {
        return &policy->kvm[leaf - CPUID_KVM];
    }
    return &policy->none;
}

struct cpuid_leaf cpuid_adjust(const struct cpuid_policy *policy, uint32_t leaf, uint32_t subleaf,
                               struct cpuid_leaf value, uint64_t cr4, uint64_t xcr0, bool apic_enabled)
{
    if (leaf == 1) {
        if ((cr4 >> 18 & 1u) != 0 && policy->xcr0_allowed != 0) {
            value.ecx |= F1C_OSXSAVE;
        }
        if (!apic_enabled) {
            value.edx &= ~F1D_APIC;
        }
    } else if (subleaf < 2 && policy->xcr0_allowed != 0) {
        value.ebx = xsave_bytes(xcr0);
    }
    return value;
}
