/* Invalid values of CR0, CR3, CR4 and EFER are refused or taken, and harm only their guest; storms of legal ones,
 * caching "off" included, harm nobody. */
#include <guest.h>

static void set_cr0(void *context)
{
    write_cr0(*(uint64_t *)context);
}
static void set_cr4(void *context)
{
    write_cr4(*(uint64_t *)context);
}
static void set_cr3(void *context)
{
    write_cr3(*(uint64_t *)context);
}
static void set_efer(void *context)
{
    wrmsr(0xc0000080, *(uint64_t *)context);
}

static bool takes(trap_body *body, uint64_t value)
{
    return !trap_try(body, &value).trapped;
}

static void show(const char *name, bool taken)
{
    print(name);
    print(taken ? " taken\n" : " refused\n");
}

/* The emulator checks fewer reserved bits than the processor (PLATFORM), so what it takes is shown, not judged. */
static void test_reserved_bits(void)
{
    const uint64_t cr0 = read_cr0();
    const uint64_t cr4 = read_cr4();
    show("CR0 bit 32", takes(set_cr0, cr0 | 1ull << 32));
    write_cr0(cr0);
    /* Reserved bits of CR3 and CR4 have tests of their own: the emulator ends the guest there. */
    show("CR4 as it is", takes(set_cr4, cr4));
    show("EFER bit 40", takes(set_efer, rdmsr(0xc0000080) | 1ull << 40));
    show("CR3 as it is", takes(set_cr3, read_cr3()));
    expect_equal(read_cr0(), cr0, "CR0 is what was written last");
    expect_equal(read_cr4(), cr4, "CR4 is what was written last");
}

void test(void)
{
    const uint64_t cr0 = read_cr0();
    test_reserved_bits();
    for (unsigned round = 0; round < 20000; round++) {
        write_cr0(cr0 ^ 1u << 16);       /* WP */
        write_cr0(cr0 | 1u << 30);       /* CD: caches "off" for this guest alone */
        write_cr4(read_cr4() ^ 1u << 7); /* PGE: flushes */
        write_cr3(read_cr3());
    }
    write_cr0(cr0);
}
