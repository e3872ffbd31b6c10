/* A server that takes a call and never replies: the caller's deadline fires, its context comes back, and it can call again. */
#include "hostile.h"

static void run_silent(struct worker *self)
{
    struct message message = {0};

    self->error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    for (;;)
        self->progress++; /* on the caller's time as long as there is a caller */
}

void test(struct lab *lab)
{
    static struct worker server;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);
    uint64_t word = 0, consumed, remaining, debt, before;

    server.argument[0] = endpoint;
    worker_start(lab, &server, run_silent,
                 (struct worker_options){.priority = PRIORITY_HIGH, .budget_us = 100, .period_us = 10000});
    for (unsigned round = 0; round < 3; round++) {
        const uint64_t start = lab_tsc(), deadline = after_us(lab, 5000);

        before = server.progress;
        EXPECT(call_one(client, deadline, &word), ERR_TIMEOUT);
        CHECK(lab_tsc() >= deadline &&
              lab_tsc() < deadline + ticks_us(lab, 2500)); /* beside mgmt and the witness */
        CHECK(lab_tsc() > start);
        if (round == 0)
            CHECK(server.progress > before);
    }
    EXPECT(call_one(client, 0, &word), ERR_TIMEOUT); /* does not wait at all */
    /* What it lent came back whole: the server gets no more than its own share. */
    EXPECT(sched_info(server.sched, &consumed, &remaining, &debt), OK);
    sleep_us(lab, 50000);
    EXPECT(sched_info(server.sched, &before, &remaining, &debt), OK);
    CHECK(before - consumed <= ticks_us(lab, 700));
    EXPECT(thread_suspend(server.thread), OK);
    EXPECT(call_one(client, after_us(lab, 1000), &word), ERR_TIMEOUT);
}
