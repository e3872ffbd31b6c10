/* Ticks and nanoseconds: exact where they fit, saturated where they do not. */
#include "clock.h"
#include "unit.h"

static void test_clock__ticks_to_ns_is_exact(void)
{
    CHECK_EQ(clock_ticks_to_ns(0, 1000000), 0);
    CHECK_EQ(clock_ticks_to_ns(123456789, 1000000), 123456789);
    CHECK_EQ(clock_ticks_to_ns(2500000, 2500000), 1000000);
    CHECK_EQ(clock_ticks_to_ns(1, 2500000), 0);
    CHECK_EQ(clock_ticks_to_ns(3, 2), 1500000);
}

static void test_clock__no_overflow_on_the_way(void)
{
    /* A naive ticks * 1e6 would wrap here. */
    CHECK_EQ(clock_ticks_to_ns(UINT64_C(1) << 60, 1000000), UINT64_C(1) << 60);
    CHECK_EQ(clock_ticks_to_ns(UINT64_MAX, 1000000), UINT64_MAX);
    CHECK_EQ(clock_ticks_to_ns(UINT64_MAX, 1), UINT64_MAX);
    CHECK_EQ(clock_ns_to_ticks(UINT64_MAX, 4000000), UINT64_MAX);
    CHECK_EQ(clock_ns_to_ticks(UINT64_C(86400) * 365 * 1000000000, 1000000),
             UINT64_C(86400) * 365 * 1000000000);
}

static void test_clock__unknown_frequency_answers_zero(void)
{
    CHECK_EQ(clock_ticks_to_ns(5, 0), 0);
    CHECK_EQ(clock_ticks_to_ns(5, UINT64_C(1) << 32), 0);
}

static void test_clock__deadline_is_never_now_and_saturates(void)
{
    CHECK(clock_deadline_after(0, 1000000) > DEADLINE_NOW);
    CHECK_EQ(clock_deadline_after(UINT64_MAX, 4000000), DEADLINE_NEVER);
}

int main(void)
{
    RUN(test_clock__ticks_to_ns_is_exact);
    RUN(test_clock__no_overflow_on_the_way);
    RUN(test_clock__unknown_frequency_answers_zero);
    RUN(test_clock__deadline_is_never_now_and_saturates);
    return UNIT_RESULT();
}
