/* Deferred replies: a stale, forged or foreign token reaches nobody; the places are limited; a caller that has gone is not answered. */
#include "hostile.h"

enum { PLACES = 16, CALLERS = 18 };

static struct worker caller[CALLERS];

/* argument: client slot, deadline in us. */
static void run_call(struct worker *self)
{
    uint64_t word = self->argument[2];

    self->error = call_one((uint32_t)self->argument[0], after_us(self->lab, self->argument[1]), &word);
    self->result[0] = word;
}

static void start_caller(struct lab *lab, uint32_t index, uint32_t client, uint64_t deadline_us)
{
    caller[index].argument[0] = client;
    caller[index].argument[1] = deadline_us;
    caller[index].argument[2] = index;
    worker_start(lab, &caller[index], run_call,
                 (struct worker_options){.priority = PRIORITY_HIGH, .budget_us = 200, .period_us = 1000});
}

static struct message answer(uint64_t value)
{
    return (struct message){.label = label_reply(OK, 1), .word = {value}};
}

static uint64_t take(struct lab *lab, uint32_t endpoint)
{
    struct message message = {0};
    uint64_t token;

    EXPECT(endpoint_wait(endpoint, after_us(lab, 100000), &message), OK);
    EXPECT(endpoint_defer(endpoint, &token), OK);
    return token;
}

static void test_tokens(struct lab *lab, uint32_t endpoint, uint32_t other, uint32_t client)
{
    struct message message = answer(0x77);
    uint64_t token;

    start_caller(lab, 0, client, 500000);
    token = take(lab, endpoint);
    EXPECT(endpoint_resume(endpoint, token + 1, &message), ERR_PEER);   /* next place */
    EXPECT(endpoint_resume(endpoint, token + 256, &message), ERR_PEER); /* next generation */
    EXPECT(endpoint_resume(endpoint, token ^ 1ull << 63, &message), ERR_PEER);
    EXPECT(endpoint_resume(endpoint, (token & ~0xffull) | PLACES, &message), ERR_RANGE);
    EXPECT(endpoint_resume(endpoint, ~0ull, &message), ERR_RANGE);
    EXPECT(endpoint_resume(other, token, &message), ERR_PEER); /* another endpoint's */
    EXPECT_VALUE(caller[0].done, false);
    message = answer(0x77);
    EXPECT(endpoint_resume(endpoint, token, &message), OK);
    WORKER_JOIN(&caller[0]);
    EXPECT(caller[0].error, OK);
    EXPECT_VALUE(caller[0].result[0], 0x77);
    message = answer(0x78);
    EXPECT(endpoint_resume(endpoint, token, &message), ERR_PEER); /* stale */

    start_caller(lab, 1, client, 2000); /* gives up while deferred */
    token = take(lab, endpoint);
    WORKER_JOIN(&caller[1]);
    EXPECT(caller[1].error, ERR_TIMEOUT);
    start_caller(lab, 2, client, 500000); /* gets the same place */
    (void)take(lab, endpoint);
    message = answer(0x79);
    EXPECT(endpoint_resume(endpoint, token, &message), ERR_PEER);
    EXPECT_VALUE(caller[2].done, false);
}

static void test_places(struct lab *lab, uint32_t endpoint, uint32_t client)
{
    uint64_t token[PLACES + 2], left;
    struct message message = {0};

    for (uint32_t i = 0; i < PLACES; i++) {
        start_caller(lab, i, client, 500000);
        token[i] = take(lab, endpoint);
    }
    start_caller(lab, PLACES, client, 500000);
    EXPECT(endpoint_wait(endpoint, after_us(lab, 100000), &message), OK);
    EXPECT(endpoint_defer(endpoint, &left), ERR_LIMIT);
    message = answer(99); /* it can still be answered at once */
    EXPECT(endpoint_reply_wait(endpoint, 0, &message), ERR_TIMEOUT);
    EXPECT(endpoint_defer(endpoint, &left), ERR_STATE); /* nobody to defer */
    for (uint32_t i = PLACES; i-- > 0;) {
        message = answer(i + 100);
        EXPECT(endpoint_resume(endpoint, token[i], &message), OK);
    }
    for (uint32_t i = 0; i < PLACES; i++) {
        WORKER_JOIN(&caller[i]);
        EXPECT_VALUE(caller[i].result[0], i + 100);
    }
    WORKER_JOIN(&caller[PLACES]);
    EXPECT_VALUE(caller[PLACES].result[0], 99);
}

void test(struct lab *lab)
{
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024),
                   other = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);
    const uint32_t second = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);

    test_tokens(lab, endpoint, other, client);
    test_places(lab, second, lab_copy(lab, 0, 0, second, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0));
}
