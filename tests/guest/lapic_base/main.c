/* IA32_APIC_BASE: off, on, x2APIC, and the transitions that the manual forbids (#GP). [SDM-2023-09] Vol 3A 11.12.5. */
#include <apic.h>

enum { APIC_BASE = 0x1b };

static void write_base(void *context)
{
    wrmsr(APIC_BASE, *(uint64_t *)context);
}

static bool takes(uint64_t value)
{
    return !trap_try(write_base, &value).trapped;
}

void test(void)
{
    const uint64_t base = (rdmsr(APIC_BASE) & ~0xfffull) | (rdmsr(APIC_BASE) & 0x100);
    expect(takes(base | 0x800), "xAPIC on");
    expect(takes(base | 0xc00), "x2APIC on");
    expect(!takes(base | 0x800), "no way from x2APIC back to xAPIC");
    expect(!takes(base | 0x400), "x2APIC without enable is invalid");
    expect(takes(base), "off");
    expect(!takes(base | 0xc00) || rdmsr(APIC_BASE) >> 10 != 0, "off to x2APIC is invalid, or tolerated");
    expect(takes(base), "off again");
    expect(takes(base | 0x800), "and on");
    expect(!takes(base | 0x800 | 1ull << 60), "reserved bits");
}
