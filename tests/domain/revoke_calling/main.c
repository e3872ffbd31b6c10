/* One thread revokes what others are using at this moment: endpoints with callers queued, served and deferred; notifications with waiters. */
#include "hostile.h"

enum { CALLERS = 6 };

static void run_call(struct worker *self)
{
    uint64_t word = 1;

    self->error = call_one((uint32_t)self->argument[0], DEADLINE_NEVER, &word);
    self->progress++;
}

static void run_wait(struct worker *self)
{
    uint32_t bits;

    self->error = notif_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &bits);
}

static void run_serve(struct worker *self)
{
    struct message message = {0};

    self->error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    while (self->argument[1])
        self->progress++; /* busy for its first caller until told otherwise */
    message.label = label_reply(OK, 1);
    if (self->error == OK)
        self->error = endpoint_reply_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
}

static void test_queue(struct lab *lab)
{
    static struct worker caller[CALLERS];
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);

    for (uint32_t i = 0; i < CALLERS; i++) {
        caller[i].argument[0] = client;
        worker_start(lab, &caller[i], run_call, (struct worker_options){.priority = PRIORITY_HIGH});
        EXPECT_VALUE(worker_state(&caller[i]), THREAD_STATE_CALLING);
    }
    EXPECT(captab_delete(lab->captab, client),
           OK); /* the client's capability: they hold no reference to it any more */
    for (uint32_t i = 0; i < CALLERS; i++)
        CHECK(!caller[i].done);
    EXPECT(captab_delete(lab->captab, endpoint), OK);
    for (uint32_t i = 0; i < CALLERS; i++) {
        WORKER_JOIN(&caller[i]);
        EXPECT(caller[i].error, ERR_PEER);
    }
}

static void test_served(struct lab *lab)
{
    static struct worker server, caller[2];
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);

    server.argument[0] = endpoint;
    server.argument[1] = 1;
    worker_start(lab, &server, run_serve, (struct worker_options){.priority = PRIORITY_LOW});
    sleep_us(lab, 1000); /* it waits */
    for (uint32_t i = 0; i < 2; i++) {
        caller[i].argument[0] = client;
        worker_start(lab, &caller[i], run_call,
                     (struct worker_options){.priority = PRIORITY_LOW, .budget_us = 500, .period_us = 2000});
    }
    sleep_us(lab, 2000);
    CHECK(server.progress > 0);
    EXPECT(captab_delete(lab->captab, endpoint), OK);
    WORKER_JOIN(&caller[1]);
    EXPECT(caller[1].error, ERR_PEER); /* was queued */
    CHECK(!caller[0].done);            /* is being served: the endpoint is not needed for the reply */
    server.argument[1] = 0;
    WORKER_JOIN(&server);
    CHECK(server.error == ERR_SLOT || server.error == ERR_RETIRED);
    EXPECT(thread_suspend(caller[0].thread), OK);
}

static void test_notif(struct lab *lab)
{
    static struct worker waiter[3];
    const uint32_t notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256),
                   bound = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    static struct worker server;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);

    for (uint32_t i = 0; i < 3; i++) {
        waiter[i].argument[0] = notif;
        worker_start(lab, &waiter[i], run_wait, (struct worker_options){.priority = PRIORITY_HIGH});
    }
    EXPECT(captab_delete(lab->captab, notif), OK);
    for (uint32_t i = 0; i < 3; i++) {
        WORKER_JOIN(&waiter[i]);
        EXPECT(waiter[i].error, ERR_RETIRED);
    }
    /* The bound notification of a waiting server goes: the server goes on waiting, and then its endpoint goes too. */
    server.argument[0] = endpoint;
    server.argument[1] = 0;
    worker_start(lab, &server, run_serve, (struct worker_options){.priority = PRIORITY_HIGH, .notif = bound});
    EXPECT(captab_delete(lab->captab, bound), OK);
    sleep_us(lab, 1000);
    CHECK(!server.done);
    EXPECT(captab_delete(lab->captab, endpoint), OK);
    WORKER_JOIN(&server);
    EXPECT(server.error, ERR_RETIRED);
}

void test(struct lab *lab)
{
    test_queue(lab);
    test_served(lab);
    test_notif(lab);
}
