/* A thread takes away what it stands on: its own thread, space, table, context, or the untyped that all of it came from. */
#include "hostile.h"

enum what { THREAD, SPACE, CAPTAB, SCHED, ENDPOINT, EVERYTHING, KINDS };

static void run_destroy(struct worker *self)
{
    const enum call call = self->argument[1] ? CALL_CAPTAB_REVOKE : CALL_CAPTAB_DELETE;
    const uint64_t words[10] = {self->argument[0]};

    while (call_words(target(call, self->lab->captab), words) == ERR_AGAIN)
        self->progress++;
    self->progress += 1000; /* only who survives comes here */
}

static void test_kind(struct lab *lab, enum what what)
{
    static struct worker worker;
    const uint32_t untyped = lab_make(lab, OBJECT_TYPE_UNTYPED, 0, 1 << 20), whole = lab->untyped;
    uint32_t space, captab, endpoint, objects[KINDS];
    struct worker_options options = {.priority = PRIORITY_HIGH};

    /* The stack stays ours; all else comes from the untyped that may go. */
    lab->untyped = untyped;
    endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    space = lab_make(lab, OBJECT_TYPE_SPACE, 0, 8);
    captab = lab_make(lab, OBJECT_TYPE_CAPTAB, 0, 64);
    (void)space;
    (void)captab;
    options.fault = endpoint;
    worker_make(lab, &worker, run_destroy, options);
    lab->untyped = whole;
    objects[THREAD] = worker.thread, objects[SPACE] = space, objects[CAPTAB] = captab,
    objects[SCHED] = worker.sched, objects[ENDPOINT] = endpoint;
    objects[EVERYTHING] = untyped;
    worker.argument[0] = objects[what];
    worker.argument[1] = what == EVERYTHING;
    EXPECT(thread_resume(worker.thread), OK);
    sleep_us(lab, 5000);
    if (what == THREAD || what == SCHED || what == EVERYTHING)
        CHECK(!worker.done);
    else
        WORKER_JOIN(&worker);
    if (what == EVERYTHING)
        EXPECT(captab_revoke(lab->captab, untyped), OK); /* whoever is left finishes it */
    /* The memory is good for others at once. */
    EXPECT(captab_revoke(lab->captab, untyped), OK);
    EXPECT(untyped_retype(untyped, OBJECT_TYPE_FRAME, 0, 4096, lab->captab, objects[THREAD], 64), OK);
    EXPECT(captab_revoke(lab->captab, untyped), OK);
}

void test(struct lab *lab)
{
    for (enum what what = THREAD; what < KINDS; what++)
        test_kind(lab, what);
}
