/* The tables behind a domain's loop. */
#include "event.h"

#include "clock.h"
#include "unit.h"

static uint32_t seen_bits;
static unsigned fired;

static void see(void *context, uint32_t bits)
{
    *(uint32_t *)context |= bits;
}

static void fire(void *context, uint64_t now)
{
    struct event_timer *timer = context;
    fired++;
    if (timer != NULL) {
        timer->deadline = now + 5;
    }
}

static void test_event__dispatch_hands_over_own_bits_and_returns_the_rest(void)
{
    uint32_t other = 0;
    const struct event_handler handlers[] = {{0x3, see, &seen_bits}, {0x4, see, &other}};
    seen_bits = 0;
    CHECK_EQ(event_dispatch(handlers, 2, 0x9), 0x8);
    CHECK_EQ(seen_bits, 0x1);
    CHECK_EQ(other, 0);
}

static void test_event__next_deadline_is_the_earliest(void)
{
    struct event_timer timers[] = {{30, fire, NULL}, {20, fire, NULL}, {DEADLINE_NEVER, fire, NULL}};
    CHECK_EQ(event_next_deadline(timers, 3), 20);
    CHECK_EQ(event_next_deadline(timers, 0), DEADLINE_NEVER);
}

static void test_event__timer_is_off_after_firing_unless_it_sets_itself(void)
{
    struct event_timer timers[2] = {{10, fire, NULL}, {10, fire, NULL}};
    timers[1].context = &timers[1];
    fired = 0;
    event_run_timers(timers, 2, 9);
    CHECK_EQ(fired, 0);
    event_run_timers(timers, 2, 10);
    CHECK_EQ(fired, 2);
    CHECK_EQ(timers[0].deadline, DEADLINE_NEVER);
    CHECK_EQ(timers[1].deadline, 15);
}

static void test_event__timer_that_is_off_never_fires(void)
{
    struct event_timer timer = {DEADLINE_NEVER, fire, NULL};
    fired = 0;
    event_run_timers(&timer, 1, UINT64_MAX);
    CHECK_EQ(fired, 0);
}

int main(void)
{
    RUN(test_event__dispatch_hands_over_own_bits_and_returns_the_rest);
    RUN(test_event__next_deadline_is_the_earliest);
    RUN(test_event__timer_is_off_after_firing_unless_it_sets_itself);
    RUN(test_event__timer_that_is_off_never_fires);
    return UNIT_RESULT();
}
