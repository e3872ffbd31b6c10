/* Every CPUID leaf of each range's reported extent plus 16, sub-leaves 0-63. The answer is a table of the VMM's, so: the
 * same twice, virtualization features hidden, the hypervisor bit set, our signature first and KVM's second. */
#include <guest.h>

enum { MORE_LEAVES = 16, SUBLEAVES = 64 };

static bool same(struct cpuid a, struct cpuid b)
{
    return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx && a.edx == b.edx;
}

static void range(uint32_t base)
{
    const uint32_t reported = cpuid(base, 0).eax;
    const uint32_t last = reported >= base && reported < base + 0x1000 ? reported : base;
    print_value("range", base);
    print_value("last", last);
    for (uint32_t leaf = base; leaf <= last + MORE_LEAVES; leaf++)
        for (uint32_t subleaf = 0; subleaf < SUBLEAVES; subleaf++)
            expect(same(cpuid(leaf, subleaf), cpuid(leaf, subleaf)) || leaf == 0x0d || leaf == 0x40000000,
                   "the same answer twice");
}

static void print_signature(uint32_t leaf)
{
    const struct cpuid out = cpuid(leaf, 0);
    char name[12];
    __builtin_memcpy(name, &out.ebx, 4);
    __builtin_memcpy(name + 4, &out.ecx, 4);
    __builtin_memcpy(name + 8, &out.edx, 4);
    print("signature ");
    print_bytes(name, sizeof(name));
    print("\n");
}

void test(void)
{
    range(0);
    range(0x40000000);
    range(0x80000000);
    range(0xc0000000);
    print_signature(0x40000000);
    print_signature(0x40000100);
    expect((cpuid(1, 0).ecx >> 31 & 1) == 1, "the hypervisor bit is set");
    expect((cpuid(1, 0).ecx >> 5 & 1) == 0, "VMX is hidden");
    expect((cpuid(0x80000001, 0).ecx >> 2 & 1) == 0, "SVM is hidden");
    expect(cpuid(0x40000000, 0).ebx != 0x4b4d564b, "our own signature stands first");
    expect_equal(cpuid(0x40000100, 0).ebx, 0x4b4d564b, "KVM's signature stands second");
}
