/* Debug registers are the guest's own: reset values at the start, unchanged across exits and hypercalls, and a
 * breakpoint fires in this guest only. [APM2] 13.1. */
#include <call.h>

static volatile uint64_t watched;

static void touch(void *context)
{
    (void)context;
    watched = 1;
}

static void expect_values(const char *claim)
{
    expect_equal(read_dr0(), 0x123456789abc, claim);
    expect_equal(read_dr1(), 0x1000, claim);
    expect_equal(read_dr2(), 0x2000, claim);
    expect_equal(read_dr3(), (uint64_t)&watched, claim);
}

static void test_start(void)
{
    expect_equal(read_dr0() | read_dr1() | read_dr2() | read_dr3(), 0, "DR0-3 are zero at the start");
    expect_equal(read_dr6(), 0xffff0ff0, "DR6 has its reset value");
    expect_equal(read_dr7(), 0x400, "DR7 has its reset value");
}

void test(void)
{
    test_start();
    write_dr0(0x123456789abc);
    write_dr1(0x1000);
    write_dr2(0x2000);
    write_dr3((uint64_t)&watched);
    for (unsigned round = 0; round < 1000; round++) {
        (void)cpuid(0, 0);
        (void)in8(0x80);
        if (round % 10 == 0)
            call_expect_alive();
        expect_values("kept across exits and hypercalls");
    }
    write_dr7(0x400 | 1u << 6 | 1u << 28 | 3u << 30); /* DR3: local, write, 8... 4 bytes */
    (void)cpuid(0, 0);
    const struct trap trap = trap_try(touch, NULL);
    write_dr7(0x400);
    expect(trap.trapped && trap.vector == VECTOR_DB, "a breakpoint fires");
    expect_values("and nothing else changed");
}
