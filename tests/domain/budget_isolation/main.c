/* Busy loops, yields, timer and signal storms at the same priority: the neighbour gets at least 95 % of its described share. A higher priority
 * takes no more than its budget. */
#include "hostile.h"

enum { STORMS = 6, ROUND_US = 200000 };

static uint32_t bell, endpoint;

static void run_yield(struct worker *self)
{
    for (;; self->progress++)
        (void)!sched_yield(self->sched);
}

static void run_timers(struct worker *self)
{
    uint32_t bits;

    for (;; self->progress++)
        (void)!notif_wait(bell, lab_tsc() + 2000, &bits);
}

static void run_signals(struct worker *self)
{
    for (;; self->progress++)
        (void)!notif_signal(bell, 1);
}

static void run_calls(struct worker *self)
{
    uint64_t word = 0;

    for (;; self->progress++)
        (void)!call_one(endpoint, lab_tsc() + 1000, &word);
}

void test(struct lab *lab)
{
    static struct worker neighbour, storm[STORMS], high;
    static void (*const runs[STORMS])(struct worker *) = {run_spin,    run_yield, run_timers,
                                                          run_signals, run_calls, run_spin};
    uint64_t before, after, remaining, debt, share;
    const uint32_t original = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);

    bell = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    endpoint = lab_copy(lab, 0, 0, original, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);
    /* Together 75 % at this priority; 5 % above; mgmt and the witness have the rest at most. */
    worker_start(lab, &neighbour, run_spin,
                 (struct worker_options){.priority = PRIORITY_HIGH, .budget_us = 2000, .period_us = 10000});
    for (uint32_t i = 0; i < STORMS; i++)
        worker_start(
            lab, &storm[i], runs[i],
            (struct worker_options){.priority = PRIORITY_HIGH, .budget_us = 500, .period_us = 10000});
    worker_start(lab, &high, run_spin,
                 (struct worker_options){.priority = PRIORITY_HIGHER, .budget_us = 500, .period_us = 10000});
    EXPECT(sched_info(neighbour.sched, &before, &remaining, &debt), OK);
    sleep_us(lab, ROUND_US);
    EXPECT(sched_info(neighbour.sched, &after, &remaining, &debt), OK);
    share = ticks_us(lab, ROUND_US) / 5;
    CHECK(after - before >= share / 100 * 95);
    CHECK(after - before <= share / 100 * 112); /* a period more at the edges */
    EXPECT(sched_info(high.sched, &after, &remaining, &debt), OK);
    CHECK(after <= ticks_us(lab, ROUND_US) / 20 / 100 * 120);
    for (uint32_t i = 0; i < STORMS; i++)
        CHECK(storm[i].progress > 0 || i == 1);
}
