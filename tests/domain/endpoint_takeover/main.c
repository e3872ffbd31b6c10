/* An endpoint has one server: another is refused while that one lives, and may take over when it is gone. */
#include "hostile.h"

static void run_wait(struct worker *self)
{
    struct message message = {0};

    self->error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    self->progress++;
}

void test(struct lab *lab)
{
    static struct worker first, second;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);
    struct message message = {0};
    uint64_t word = 1;

    first.argument[0] = second.argument[0] = endpoint;
    worker_start(lab, &first, run_echo, (struct worker_options){.priority = PRIORITY_HIGH});
    EXPECT_VALUE(worker_state(&first), THREAD_STATE_WAITING);
    EXPECT(endpoint_wait(endpoint, after_us(lab, 1000), &message), ERR_BUSY);
    message = (struct message){.label = label_reply(OK, 0)};
    EXPECT(endpoint_reply_wait(endpoint, after_us(lab, 1000), &message), ERR_BUSY);
    EXPECT(call_one(client, after_us(lab, 1000), &word), OK); /* the true server still answers */
    EXPECT_VALUE(word, 2);
    worker_start(lab, &second, run_wait, (struct worker_options){.priority = PRIORITY_HIGH});
    WORKER_JOIN(&second);
    EXPECT(second.error, ERR_BUSY);
    EXPECT(thread_suspend(first.thread), OK);
    EXPECT(call_one(client, after_us(lab, 1000), &word), ERR_TIMEOUT);
    worker_start(lab, &second, run_echo, (struct worker_options){.priority = PRIORITY_HIGH});
    word = 5;
    EXPECT(call_one(client, after_us(lab, 1000), &word), OK);
    EXPECT_VALUE(word, 6);
    EXPECT_VALUE(second.progress, 1);
    EXPECT(thread_resume(first.thread), OK); /* its wait was canceled; it ends */
    WORKER_JOIN(&first);
    EXPECT(first.error, ERR_CANCELED);
    EXPECT(captab_delete(lab->captab, second.thread), OK);
    EXPECT(endpoint_wait(endpoint, 0, &message), ERR_TIMEOUT); /* free: ours */
    EXPECT(call_one(client, after_us(lab, 1000), &word), ERR_STATE);
}
