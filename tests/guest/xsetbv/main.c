/* XSETBV takes only what CPUID leaf 0xd offers: bit 0 must be set, AVX needs SSE, unknown bits and other registers give
 * #GP. The emulator lets XSETBV through to the real register (PLATFORM), so the core must put its own back. */
#include <guest.h>

struct attempt {
    uint32_t index;
    uint64_t value;
};

static void set(void *context)
{
    const struct attempt *const attempt = context;
    xsetbv(attempt->index, attempt->value);
}

static bool takes(uint32_t index, uint64_t value)
{
    struct attempt attempt = {index, value};
    return !trap_try(set, &attempt).trapped;
}

/* The emulator does not ask us, so a bit that it knows may be set until the next exit at the latest. */
static bool keeps(uint64_t value, uint64_t bit)
{
    const bool taken = takes(0, value);
    (void)cpuid(0, 0);
    return taken && (xgetbv(0) & bit) != 0;
}

static void test_refusals(uint64_t offered)
{
    expect(!takes(0, 0), "bit 0 must be set");
    expect(!takes(0, 5), "AVX without SSE");
    expect(!takes(1, 1) || (cpuid(0xd, 1).eax >> 2 & 1) != 0, "there is no other register");
    expect(!takes(0, UINT64_MAX), "reserved bits");
    for (unsigned bit = 2; bit < 64; bit++)
        if ((offered >> bit & 1) == 0)
            expect(!keeps(3ull | 1ull << bit, 1ull << bit), "a feature that CPUID does not offer");
}

void test(void)
{
    if ((cpuid(1, 0).ecx >> 26 & 1) == 0)
        verdict(true, "XSAVE is hidden");
    write_cr4(read_cr4() | 1u << 18);
    const struct cpuid leaf = cpuid(0xd, 0);
    const uint64_t offered = leaf.eax | (uint64_t)leaf.edx << 32;
    print_value("offered", offered);
    expect_equal(xgetbv(0), 1, "XCR0 is 1 at the start, whoever ran before");
    expect(takes(0, offered), "all that is offered");
    expect_equal(xgetbv(0), offered, "and it stays");
    (void)cpuid(0, 0); /* an exit in between */
    expect_equal(xgetbv(0), offered, "across an exit");
    test_refusals(offered);
    expect(takes(0, 1), "back to the x87 alone");
    for (unsigned round = 0; round < 10000; round++) {
        xsetbv(0, 1);
        (void)in8(0x80);
        expect_equal(xgetbv(0), 1, "across exits and other domains' turns");
    }
}
