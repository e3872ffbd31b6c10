/* A calls B, B calls A: both wait for each other until the earlier deadline, then both go on. And rings of three, and calls to oneself. */
#include "hostile.h"

static uint32_t endpoint[3], client[3];

/* argument: own endpoint, whom to call, first caller, deadline in us. */
static void run_server(struct worker *self)
{
    const uint32_t own = (uint32_t)self->argument[0], next = (uint32_t)self->argument[1];
    struct message message = {0};

    if (!self->argument[2] && endpoint_wait(own, after_us(self->lab, 500000), &message) != OK)
        return;
    uint64_t word = 1;
    self->error = call_one(next, after_us(self->lab, self->argument[3]), &word);
    self->progress = 1;
    message.label = label_reply(OK, 1);
    message.word[0] = 7;
    if (!self->argument[2])
        (void)!endpoint_reply_wait(own, 0, &message);
}

static void ring(struct lab *lab, uint32_t count)
{
    static struct worker worker[3];

    for (uint32_t i = 0; i < count; i++) {
        worker[i].argument[0] = endpoint[i];
        worker[i].argument[1] = client[(i + 1) % count];
        worker[i].argument[2] = i == 0;
        worker[i].argument[3] = 10000 * (i + 1);
    }
    for (uint32_t i = count; i-- > 0;)
        worker_start(lab, &worker[i], run_server,
                     (struct worker_options){.priority = (uint8_t)(PRIORITY_HIGH + i % 2)});
    for (uint32_t i = 0; i < count; i++)
        WORKER_JOIN(&worker[i]);
    EXPECT(worker[0].error, ERR_TIMEOUT); /* its deadline is the first */
    for (uint32_t i = 1; i + 1 < count; i++)
        EXPECT(worker[i].error, ERR_TIMEOUT);
    EXPECT(worker[count - 1].error, ERR_TIMEOUT); /* whoever it called never came to wait */
}

/* A server that calls its own endpoint. */
static void run_self(struct worker *self)
{
    struct message message = {0};
    uint64_t word = 0;

    (void)!endpoint_wait((uint32_t)self->argument[0], 0, &message); /* now it is the owner */
    self->error = call_one((uint32_t)self->argument[1], after_us(self->lab, 5000), &word);
}

void test(struct lab *lab)
{
    static struct worker alone;

    for (uint32_t i = 0; i < 3; i++) {
        endpoint[i] = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
        client[i] = lab_copy(lab, 0, 0, endpoint[i], RIGHT_CALL, INTERFACE_ANY, MASK_ALL, i);
    }
    ring(lab, 2);
    ring(lab, 3);
    alone.argument[0] = endpoint[0];
    alone.argument[1] = client[0];
    worker_start(lab, &alone, run_self, (struct worker_options){.priority = PRIORITY_HIGH});
    WORKER_JOIN(&alone);
    EXPECT(alone.error, ERR_STATE);
}
