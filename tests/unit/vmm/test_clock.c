#include "fakes.h"
#include "kvmclock.h"
#include "unit.h"

static void test_timebase__converts_both_ways(void)
{
    static const uint64_t khz[] = {1000000, 3470036, 999999, 2400000, 100};
    for (size_t i = 0; i < ARRAY_COUNT(khz); i++) {
        struct timebase timebase;
        timebase_init(&timebase, khz[i], 1000);
        CHECK_EQ(timebase_ns(&timebase, 1000), 0);
        uint64_t ns = timebase_ns(&timebase, 1000 + khz[i] * 1000);
        CHECK(ns > 999999000 && ns <= 1000000000);
        for (uint64_t at = 1; at < UINT64_C(10000000000000); at = at * 3 + 7) {
            CHECK(timebase_ns(&timebase, timebase_tsc(&timebase, at)) >= at);
        }
    }
}

static void test_timebase__never_stays_never(void)
{
    struct timebase timebase;
    timebase_init(&timebase, 1000000, 5);
    CHECK_EQ(timebase_tsc(&timebase, TIME_NEVER), TIME_NEVER);
    CHECK_EQ(timebase_tsc(&timebase, TIME_NEVER - 1), TIME_NEVER);
    timebase_init(&timebase, 0, 5); /* a description without a frequency must not divide by it */
    CHECK(timebase_ns(&timebase, 6) <= 1);
}

static void test_kvmclock__structure_is_what_the_guest_asked_for(void)
{
    struct memory memory;
    struct timebase timebase;
    struct kvmclock clock;
    uint32_t words[8];
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    timebase_init(&timebase, 1000000, 0);
    kvmclock_init(&clock, 1767225600);
    CHECK(kvmclock_write_system_time(&clock, &memory, &timebase, 0x3001, 5000, 7000));
    CHECK(memory_read(&memory, gpa(0x3000), words, 32));
    CHECK_EQ(words[0] % 2, 0);
    CHECK_EQ(words[2], 7000);
    CHECK(words[4] == 5000 || words[4] == 4999);
    CHECK_EQ(words[7] >> 8 & 0xff, 1); /* TSC stable */
    CHECK(kvmclock_write_wall_clock(&clock, &memory, 0x4000));
    CHECK(memory_read(&memory, gpa(0x4004), words, 4));
    CHECK_EQ(words[0], 1767225600);
    CHECK(!kvmclock_write_system_time(&clock, &memory, &timebase, UINT64_C(0xffffffff00000001), 0, 0));
    CHECK(!kvmclock_write_wall_clock(&clock, &memory, 2 * PIECE_BYTES));
    fake_memory_free(&memory);
}

static void test_kvmclock__stolen_time_never_falls(void)
{
    struct memory memory;
    struct kvmclock clock;
    uint64_t steal;
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    kvmclock_init(&clock, 0);
    CHECK(!kvmclock_write_steal(&clock, &memory, 0x3003));
    CHECK(!kvmclock_write_steal(&clock, &memory, 2 * PIECE_BYTES + 1));
    CHECK(kvmclock_write_steal(&clock, &memory, 0x3001));
    kvmclock_update_steal(&clock, &memory, 500);
    kvmclock_update_steal(&clock, &memory, 400);
    CHECK(memory_read(&memory, gpa(0x3000), &steal, 8));
    CHECK_EQ(steal, 500);
    fake_memory_free(&memory);
}

int main(void)
{
    RUN(test_timebase__converts_both_ways);
    RUN(test_timebase__never_stays_never);
    RUN(test_kvmclock__structure_is_what_the_guest_asked_for);
    RUN(test_kvmclock__stolen_time_never_falls);
    return UNIT_RESULT();
}
