/* A revoke takes many bounded steps. Between them everything below is refused to everyone: look-up, copy, derivation, retype; and the same
 * revoke may be taken up by another. Afterwards the root serves again. */
#include "hostile.h"

enum { COPIES = 200 };

static struct lab *lab_of;
static volatile uint32_t refused, others;
static uint32_t root, middle, copies, spare;

/* Between two steps of the revoke: each call on what is below must be refused. */
static void try_everything(struct lab *lab, uint32_t last)
{
    static const uint64_t none[10];
    enum error error;
    uint64_t word = 0;

    error = captab_copy(lab->captab, spare, lab->captab, last, RIGHT_CALL, 0, INTERFACE_ANY, 1, 1);
    CHECK(error == ERR_RETIRED || error == ERR_SLOT);
    if (error == ERR_RETIRED)
        refused++;
    error = call_one(last, 0, &word);
    CHECK(error == ERR_RETIRED || error == ERR_SLOT);
    error = captab_copy(lab->captab, spare, lab->captab, root, RIGHT_CALL, 0, INTERFACE_ANY, 1, 1);
    EXPECT(error, ERR_RETIRED); /* the root itself cannot be derived from */
    error = captab_delete(lab->captab, last);
    CHECK(error == ERR_RETIRED || error == ERR_SLOT);
    error = captab_revoke(lab->captab, middle);
    CHECK(error == ERR_RETIRED || error == ERR_SLOT);
    (void)call_words(target(CALL_NULL, 0), none);
    others++;
}

static void build(struct lab *lab)
{
    root = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    middle = lab_copy(lab, 0, 0, root, UINT8_MAX, INTERFACE_ANY, 1, 1);
    copies = lab->next;
    for (uint32_t i = 0; i < COPIES; i++)
        (void)lab_copy(lab, 0, 0, middle, RIGHT_CALL, INTERFACE_ANY, 1, 1);
    spare = lab_slot(lab);
}

/* One raw step; the generated stub would go on by itself. */
static enum error step(struct lab *lab, enum call call, uint32_t index)
{
    const uint64_t words[10] = {index};

    return call_words(target(call, lab->captab), words);
}

/* Takes up the revoke that the test has begun. */
static void run_finish(struct worker *self)
{
    do
        self->error = step(self->lab, CALL_CAPTAB_REVOKE, root);
    while (self->error == ERR_AGAIN && ++self->progress);
}

void test(struct lab *lab)
{
    static struct worker helper;
    enum error error;
    uint32_t steps = 0;

    lab_of = lab;
    build(lab);
    while ((error = step(lab, CALL_CAPTAB_REVOKE, root)) == ERR_AGAIN) {
        try_everything(lab, copies);
        steps++;
    }
    EXPECT(error, OK);
    CHECK(steps > 10 && refused > 0);
    (void)lab_copy(lab, 0, 0, root, RIGHT_CALL, INTERFACE_ANY, 1, 1); /* the root serves again */

    build(lab);
    EXPECT(step(lab, CALL_CAPTAB_REVOKE, root), ERR_AGAIN);
    worker_start(lab, &helper, run_finish, (struct worker_options){.priority = PRIORITY_HIGH});
    WORKER_JOIN(&helper);
    EXPECT(helper.error, OK);
    EXPECT(step(lab, CALL_CAPTAB_REVOKE, root), OK); /* nothing is left to do */

    build(lab); /* a delete that was begun is finished by the next, or by the revoke of what is above */
    EXPECT(step(lab, CALL_CAPTAB_DELETE, root), ERR_AGAIN);
    EXPECT(captab_revoke(lab->captab, root), OK);
    EXPECT(step(lab, CALL_CAPTAB_REVOKE, root), ERR_SLOT);
}
