/* A client is destroyed in mid-call: queued, being served, deferred, on a lent context. The server finishes and serves the next. */
#include "hostile.h"

static void run_call(struct worker *self)
{
    uint64_t word = self->argument[1];

    self->error = call_one((uint32_t)self->argument[0], DEADLINE_NEVER, &word);
    self->result[0] = word;
}

/* argument: endpoint, how long to work in units. */
static void run_serve(struct worker *self)
{
    struct message message = {0};
    enum error error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);

    while (error == OK) {
        for (volatile uint64_t i = 0; i < message.word[0]; i = i + 1)
            continue;
        message.label = label_reply(OK, 1);
        self->progress++;
        error = endpoint_reply_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    }
    self->error = error;
}

static void kill_in_service(struct lab *lab, uint32_t client, bool with_sched, bool no_sched)
{
    static struct worker server, victim, next;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);

    client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, client);
    server.argument[0] = endpoint;
    /* A server without context of its own is started on one that is then taken away: it waits, and lives on what it is lent. */
    worker_start(lab, &server, run_serve,
                 (struct worker_options){.priority = PRIORITY_LOW, .budget_us = 2000, .period_us = 10000});
    sleep_us(lab, 1000);
    if (no_sched)
        EXPECT(captab_delete(lab->captab, server.sched), OK);
    if (no_sched)
        EXPECT(thread_resume(server.thread), OK); /* its loss stopped it */
    victim.argument[0] = client, victim.argument[1] = 1000000;
    worker_start(lab, &victim, run_call, (struct worker_options){.priority = PRIORITY_LOW});
    sleep_us(lab, 2000);
    EXPECT_VALUE(server.progress, 0);
    CHECK(!victim.done);
    EXPECT(captab_delete(lab->captab, victim.thread), OK);
    if (with_sched)
        EXPECT(captab_delete(lab->captab, victim.sched), OK);
    next.argument[0] = client, next.argument[1] = 100;
    worker_start(lab, &next, run_call, (struct worker_options){.priority = PRIORITY_LOW});
    WORKER_JOIN(&next);
    EXPECT(next.error, OK);
    EXPECT_VALUE(next.result[0], 100);
    EXPECT(captab_delete(lab->captab, server.thread), OK);
}

static void kill_waiting(struct lab *lab)
{
    static struct worker victim[4];
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 5);
    struct message message = {0};
    uint64_t token;

    for (uint32_t i = 0; i < 4; i++) {
        victim[i].argument[0] = client, victim[i].argument[1] = i;
        worker_start(lab, &victim[i], run_call, (struct worker_options){.priority = PRIORITY_HIGH});
    }
    EXPECT(captab_delete(lab->captab, victim[1].thread), OK); /* in the middle of the queue */
    EXPECT(endpoint_wait(endpoint, 0, &message), OK);
    EXPECT_VALUE(message.word[0], 0);
    EXPECT(endpoint_defer(endpoint, &token), OK);
    EXPECT(captab_delete(lab->captab, victim[0].thread), OK); /* deferred */
    message = (struct message){.label = label_reply(OK, 0)};
    EXPECT(endpoint_resume(endpoint, token, &message), ERR_PEER);
    EXPECT(endpoint_wait(endpoint, 0, &message), OK);
    EXPECT_VALUE(message.word[0], 2);
    EXPECT(captab_delete(lab->captab, victim[2].thread), OK); /* the one we serve */
    message = (struct message){.label = label_reply(OK, 0)};
    EXPECT(endpoint_reply_wait(endpoint, 0, &message), OK);
    EXPECT_VALUE(message.word[0], 3);
    message = (struct message){.label = label_reply(OK, 1), .word = {33}};
    EXPECT(endpoint_reply_wait(endpoint, 0, &message), ERR_TIMEOUT);
    WORKER_JOIN(&victim[3]);
    EXPECT_VALUE(victim[3].result[0], 33);
}

void test(struct lab *lab)
{
    kill_in_service(lab, 1, false, false);
    kill_in_service(lab, 2, true, false);
    kill_waiting(lab);
}
