/* Restarts: at once, then later and later, then not any more. */
#include "supervise.h"

#include "unit.h"

#define S UINT64_C(1000000000)

static void test_supervise__backs_off_then_parks(void)
{
    struct supervision supervision = {.restarts = 0};
    uint64_t delay;
    CHECK(supervise_died(&supervision, 1 * S, 3, 60, &delay));
    CHECK_EQ(delay, 0);
    CHECK(supervise_died(&supervision, 2 * S, 3, 60, &delay));
    CHECK_EQ(delay, SUPERVISE_FIRST_DELAY_NS);
    CHECK(supervise_died(&supervision, 3 * S, 3, 60, &delay));
    CHECK_EQ(delay, SUPERVISE_FIRST_DELAY_NS * 2);
    CHECK(!supervise_died(&supervision, 4 * S, 3, 60, &delay));
    CHECK(supervision.parked);
}

static void test_supervise__old_deaths_are_forgotten(void)
{
    struct supervision supervision = {.restarts = 0};
    uint64_t delay;
    for (uint64_t t = 0; t < 100; t++) {
        CHECK(supervise_died(&supervision, t * 61 * S, 1, 60, &delay));
        CHECK_EQ(delay, 0);
    }
}

static void test_supervise__a_policy_without_restarts_parks_at_once(void)
{
    struct supervision supervision = {.restarts = 0};
    uint64_t delay;
    CHECK(!supervise_died(&supervision, 0, 0, 60, &delay));
}

static void test_supervise__delay_and_history_are_bounded(void)
{
    struct supervision supervision = {.restarts = 0};
    uint64_t delay = 0, count = 0;
    while (supervise_died(&supervision, count, UINT32_MAX, UINT32_MAX, &delay)) {
        CHECK(delay <= SUPERVISE_MAX_DELAY_NS);
        count++;
    }
    CHECK_EQ(count, SUPERVISE_HISTORY);
}

int main(void)
{
    RUN(test_supervise__backs_off_then_parks);
    RUN(test_supervise__old_deaths_are_forgotten);
    RUN(test_supervise__a_policy_without_restarts_parks_at_once);
    RUN(test_supervise__delay_and_history_are_bounded);
    return UNIT_RESULT();
}
