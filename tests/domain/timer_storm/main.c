/* Sixty threads with deadlines every 20 us, above the test: their own budgets bound them, and everyone's deadlines are kept. */
#include "hostile.h"

enum { THREADS = 60 };

static uint32_t notif;

static void run_wait(struct worker *self)
{
    uint32_t bits;

    for (;; self->progress++) {
        if (notif_wait(notif, lab_tsc() + 20000 + self->argument[0] * 97, &bits) != ERR_TIMEOUT)
            self->result[0]++;
    }
}

void test(struct lab *lab)
{
    static struct worker worker[THREADS];
    uint64_t consumed, remaining, debt, total = 0, begin;

    notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    for (uint32_t i = 0; i < THREADS; i++) {
        worker[i].argument[0] = i;
        worker_start(
            lab, &worker[i], run_wait,
            (struct worker_options){
                .priority = PRIORITY_HIGH, .budget_us = 50, .period_us = 10000, .compartment = 100 + i});
    }
    begin = lab_tsc();
    for (unsigned i = 0; i < 100; i++) {
        const uint64_t deadline = after_us(lab, 1000);

        sleep_us(lab, 1000);
        CHECK(lab_tsc() <
              deadline +
                  ticks_us(lab,
                           8000)); /* at most all that stand above: 3 ms of workers, mgmt and the witness */
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK(worker[i].progress > 10);
        EXPECT_VALUE(worker[i].result[0], 0);
        EXPECT(sched_info(worker[i].sched, &consumed, &remaining, &debt), OK);
        total += consumed;
    }
    CHECK(total <= (lab_tsc() - begin + ticks_us(lab, 10000)) / 100 * 33); /* 30 % described */
}
