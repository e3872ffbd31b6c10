/* The caller's deadline passes, it calls someone else, and only then the first server replies: the answer must go nowhere. */
#include "hostile.h"

enum { LATE_WORD = 0xbad, RIGHT_WORD = 0x600d };

/* argument: endpoint, how long to take in us, what to answer. */
static void run_slow(struct worker *self)
{
    struct message message = {0};
    enum error error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);

    while (error == OK) {
        sleep_us(self->lab, self->argument[1]);
        message.label = label_reply(OK, 1);
        message.word[0] = self->argument[2];
        self->progress++;
        error = endpoint_reply_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    }
    self->error = error;
}

void test(struct lab *lab)
{
    static struct worker slow, quick;
    uint32_t endpoint[2], client[2];
    uint64_t word;

    for (uint32_t i = 0; i < 2; i++) {
        endpoint[i] = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
        client[i] = lab_copy(lab, 0, 0, endpoint[i], RIGHT_CALL, INTERFACE_ANY, MASK_ALL, i);
    }
    slow.argument[0] = endpoint[0], slow.argument[1] = 5000, slow.argument[2] = LATE_WORD;
    quick.argument[0] = endpoint[1], quick.argument[1] = 8000, quick.argument[2] = RIGHT_WORD;
    worker_start(lab, &slow, run_slow, (struct worker_options){.priority = PRIORITY_HIGHER});
    worker_start(lab, &quick, run_slow, (struct worker_options){.priority = PRIORITY_HIGH});
    for (unsigned round = 0; round < 5; round++) {
        word = 1;
        EXPECT(call_one(client[0], after_us(lab, 1000), &word), ERR_TIMEOUT);
        EXPECT_VALUE(word, 0);
        word = 2;
        EXPECT(call_one(client[1], after_us(lab, 100000), &word),
               OK); /* the late reply comes in the middle of this */
        EXPECT_VALUE(word, RIGHT_WORD);
        sleep_us(lab, 10000);
        EXPECT_VALUE(slow.progress, round + 1);
    }
    word = 3;
    EXPECT(call_one(client[0], after_us(lab, 100000), &word),
           OK); /* the slow one lives, and is asked in time */
    EXPECT_VALUE(word, LATE_WORD);
}
