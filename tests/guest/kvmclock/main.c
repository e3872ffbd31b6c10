/* kvm-clock: the VMM fills the page that the guest names, at an even version, and time derived from it does not go back;
 * an address outside memory is refused or ignored, never written elsewhere. Linux Documentation/virt/kvm/x86/msr.rst. */
#include <guest.h>

enum { MSR_SYSTEM_TIME = 0x4b564d01 };

struct clock_page {
    uint32_t version, pad;
    uint64_t tsc_timestamp, system_time;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags, pad2[2];
};
_Static_assert(sizeof(struct clock_page) == 32, "msr.rst");

static volatile struct clock_page page __attribute__((aligned(64)));

static uint64_t now(void)
{
    uint64_t delta = rdtsc() - page.tsc_timestamp;
    if (page.shift >= 0)
        delta <<= page.shift;
    else
        delta >>= -page.shift;
    return page.system_time + (uint64_t)((unsigned __int128)delta * page.multiplier >> 32);
}

static void write_address(void *context)
{
    wrmsr(MSR_SYSTEM_TIME, *(uint64_t *)context);
}

static void test_hostile_addresses(void)
{
    static const uint64_t addresses[] = {0xfee00001,     0xfec00001, 0x100000001, 0xffffffffffff0001,
                                         0x7ffffffff001, 3,          0xfff};
    for (unsigned index = 0; index < sizeof(addresses) / sizeof(addresses[0]); index++) {
        uint64_t address = addresses[index];
        const struct trap trap = trap_try(write_address, &address);
        expect(!trap.trapped || trap.vector == VECTOR_GP, "taken or #GP");
    }
    wrmsr(MSR_SYSTEM_TIME, 0);
}

void test(void)
{
    if ((cpuid(0x40000101, 0).eax >> 3 & 1) == 0)
        verdict(false, "kvm-clock is offered");
    wrmsr(MSR_SYSTEM_TIME, (uint64_t)&page | 1);
    (void)cpuid(0, 0);
    expect(page.version != 0 && page.version % 2 == 0, "the page is filled, at an even version");
    expect(page.multiplier != 0, "with a multiplier");
    uint64_t last = now();
    for (unsigned round = 0; round < 10000; round++) {
        const uint64_t next = now();
        expect(next >= last, "time does not go back");
        last = next;
    }
    test_hostile_addresses();
}
