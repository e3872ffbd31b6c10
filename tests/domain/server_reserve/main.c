/* A shared server with a reserve: a caller's budget ends in mid-service, the server finishes on its reserve, the debt is the caller's, and the
 * caller is refused with ERR_DEBT until it is repaid. Another caller is served meanwhile. */
#include "hostile.h"

/* argument: endpoint, work in units. */
static void run_busy(struct worker *self)
{
    struct message message = {0};
    enum error error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);

    while (error == OK) {
        for (uint64_t i = 0; i < message.word[0]; i++)
            self->progress++;
        message.label = label_reply(OK, 1);
        message.word[0] = 0x5e;
        error = endpoint_reply_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    }
    self->error = error;
}

/* argument: client slot, work; result: 0 the answer, 1 when it could run again. */
static void run_poor(struct worker *self)
{
    uint64_t word = self->argument[1];

    self->error = call_one((uint32_t)self->argument[0], DEADLINE_NEVER, &word);
    self->result[0] = word;
    self->result[1] = lab_tsc();
}

/* The same, but it gives up early and then calls again and again; result: how often ERR_TIMEOUT and ERR_DEBT came, 2 when it was served. */
static void run_hasty(struct worker *self)
{
    uint64_t word = self->argument[1];
    enum error error = call_one((uint32_t)self->argument[0], after_us(self->lab, 1000), &word);

    if (error != ERR_TIMEOUT)
        self->error = error;
    while (self->error == OK) {
        word = 1;
        error = call_one((uint32_t)self->argument[0], self->result[1] ? after_us(self->lab, 50) : 0, &word);
        if (error == OK)
            break;
        if (error == ERR_TIMEOUT)
            self->result[0]++;
        else if (error == ERR_DEBT)
            self->result[1]++;
        else
            self->error = error;
    }
    self->result[2] = lab_tsc();
}

enum { WORK = 1000000, BUDGET_US = 100, PERIOD_US = 2000 };

/* The server needs at least WORK instructions, 1 ns each; the reserve is all but what the caller lent it. */
static void check_repaid(struct lab *lab, uint64_t start, uint64_t end)
{
    CHECK(end - start >= ticks_us(lab, (WORK / 1000 - BUDGET_US) / BUDGET_US * PERIOD_US));
}

void test(struct lab *lab)
{
    static struct worker server, poor, hasty;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 1);
    const uint32_t rich = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 2);
    const uint32_t reserve = lab_sched(lab, ticks_us(lab, 3000), ticks_us(lab, 10000), PRIORITY_HIGHER);
    const struct worker_options small = {
        .priority = PRIORITY_HIGH, .budget_us = BUDGET_US, .period_us = PERIOD_US};
    uint64_t consumed, remaining, debt, word = 1, start;

    server.argument[0] = endpoint;
    worker_start(lab, &server, run_busy,
                 (struct worker_options){
                     .priority = PRIORITY_HIGHER, .reserve = reserve, .budget_us = 3000, .period_us = 10000});
    poor.argument[0] = client;
    poor.argument[1] = WORK;
    worker_make(lab, &poor, run_poor, small);
    start = lab_tsc();
    EXPECT(thread_resume(poor.thread), OK);
    for (unsigned i = 0; i < 1000 && server.progress < WORK; i++)
        sleep_us(lab, 100);
    EXPECT(sched_info(reserve, &consumed, &remaining, &debt), OK);
    CHECK(consumed > ticks_us(lab, WORK / 1000 - BUDGET_US));
    EXPECT(sched_info(poor.sched, &consumed, &remaining, &debt), OK);
    CHECK(debt > ticks_us(lab, WORK / 1000 / 2));
    EXPECT_VALUE(poor.result[0], 0);                         /* answered, but it has nothing to run on */
    EXPECT(call_one(rich, after_us(lab, 50000), &word), OK); /* another's debt is none of ours */
    WORKER_JOIN(&poor);
    EXPECT(poor.error, OK);
    EXPECT_VALUE(poor.result[0], 0x5e);
    check_repaid(lab, start, poor.result[1]);
    EXPECT(sched_info(poor.sched, &consumed, &remaining, &debt), OK);
    EXPECT_VALUE(debt, 0);

    hasty.argument[0] = client;
    hasty.argument[1] =
        4 * WORK; /* more than the reserve has in a period: the caller runs again before it is over */
    worker_make(lab, &hasty, run_hasty, small);
    start = lab_tsc();
    EXPECT(thread_resume(hasty.thread), OK);
    WORKER_JOIN(&hasty);
    EXPECT(hasty.error, OK);
    CHECK(hasty.result[0] > 0); /* the server was still busy */
    CHECK(hasty.result[1] > 0);
    check_repaid(lab, start, hasty.result[2]);
}
