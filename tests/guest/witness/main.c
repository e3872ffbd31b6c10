/* The second tenant of the hostile-guest tests: it counts work units, watches everything that could leak into it, and
 * says HARM at the first sign. It never ends by itself: the driver reads its last count. */
#include <call.h>

static uint8_t image[512] __attribute__((aligned(16)));
static uint64_t marks[4096];

static void expect_unharmed(uint64_t round)
{
    const bool xsave = (read_cr4() >> 18 & 1) != 0;
    bool good = read_dr0() == 0xb0b && read_dr7() == 0x400 && (!xsave || xgetbv(0) == 3);
    for (unsigned index = 0; index < 4096; index++)
        good = good && marks[index] == (index ^ 0x77697473);
    uint64_t vector[2] __attribute__((aligned(16)));
    __asm__ volatile("movdqa %%xmm5, %0" : "=m"(vector));
    good = good && vector[0] == 0x5749544e45535321;
    if (!good) {
        print_value("WITNESS HARM", round);
        guest_exit(0x11);
    }
}

static void prepare(void)
{
    static const uint64_t pattern[2] __attribute__((aligned(16))) = {0x5749544e45535321, 0x5749544e45535321};
    if ((cpuid(1, 0).ecx >> 26 & 1) != 0) {
        write_cr4(read_cr4() | 1u << 18);
        xsetbv(0, 3);
    }
    write_dr0(0xb0b);
    __asm__ volatile("fxsave %0; movdqa %1, %%xmm5" : "=m"(image) : "m"(pattern));
    for (unsigned index = 0; index < 4096; index++)
        marks[index] = index ^ 0x77697473;
}

static uint64_t work(uint64_t seed)
{
    for (unsigned unit = 0; unit < 1000; unit++)
        seed = random_next(&seed);
    return seed;
}

void test(void)
{
    uint64_t units = 0;
    uint64_t seed = 1;
    prepare();
    interrupts_on(); /* nobody may send one: it would end the test */
    const uint64_t second = call_ticks(1000);
    uint64_t next = rdtsc() + second;
    for (uint64_t round = 0;; round++) {
        seed = work(seed);
        units++;
        expect_unharmed(round);
        if (rdtsc() >= next) {
            next += second;
            call_expect_alive();
            print("WITNESS ");
            print_number(units);
            print("\n");
        }
    }
}
