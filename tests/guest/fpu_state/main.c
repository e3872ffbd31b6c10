/* The FPU and vector registers are the guest's own: clean at the start, whatever ran before; unchanged by exits, by
 * hypercalls (which run other domains that use the FPU), and by other tenants' turns. */
#include <call.h>

static uint8_t image[512] __attribute__((aligned(16)));
static uint64_t pattern[2] __attribute__((aligned(16)));
static uint64_t seen[2] __attribute__((aligned(16)));

static void test_start(void)
{
    __asm__ volatile("fxsave %0" : "=m"(image));
    for (unsigned offset = 32; offset < 416; offset++)
        if (image[offset] != 0) {
            print_value("offset", offset);
            verdict(false, "the FPU is not clean at the start");
        }
}

static void load_pattern(uint64_t value)
{
    pattern[0] = pattern[1] = value;
    __asm__ volatile("movdqa %0, %%xmm0; movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm15; fninit; fld1; fldpi"
                     :
                     : "m"(pattern));
}

static void expect_pattern(const char *claim)
{
    __asm__ volatile("movdqa %%xmm15, %0" : "=m"(seen));
    expect(seen[0] == pattern[0] && seen[1] == pattern[1], claim);
    __asm__ volatile("movdqa %%xmm0, %0" : "=m"(seen));
    expect(seen[0] == pattern[0] && seen[1] == pattern[1], claim);
    uint16_t status;
    __asm__ volatile("fnstsw %0" : "=a"(status));
    expect_equal(status >> 11 & 7, 6, claim);
}

void test(void)
{
    test_start();
    for (uint64_t round = 1; round < 3000; round++) {
        load_pattern(round * 0x0101010101010101);
        (void)cpuid(0, 0);
        (void)in8(0x80);
        expect_pattern("kept across exits");
        if (round % 10 == 0)
            call_expect_alive();
        expect_pattern("kept across hypercalls");
    }
}
