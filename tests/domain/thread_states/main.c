/* suspend, resume and deletion in every state that a thread can be in; what it waited for ends with ERR_CANCELED, and is usable afterwards. */
#include "hostile.h"

static uint32_t endpoint, client, notif;

static void run_call(struct worker *self)
{
    uint64_t word = 1;

    self->error = call_one(client, DEADLINE_NEVER, &word);
    self->progress++;
}

static void run_serve(struct worker *self)
{
    struct message message = {0};

    self->error = endpoint_wait(endpoint, DEADLINE_NEVER, &message);
    self->progress++;
}

static void run_notif(struct worker *self)
{
    uint32_t bits;

    self->error = notif_wait(notif, DEADLINE_NEVER, &bits);
    self->progress++;
}

static void test_state(struct lab *lab, void (*run)(struct worker *), enum thread_state state)
{
    static struct worker worker;
    const struct worker_options options = {.priority = run == run_spin ? PRIORITY_LOW : PRIORITY_HIGH};

    for (unsigned round = 0; round < 3; round++) {
        worker_start(lab, &worker, run, options);
        EXPECT_VALUE(worker_state(&worker), state);
        EXPECT(thread_resume(worker.thread), ERR_STATE);
        EXPECT(thread_suspend(worker.thread), OK);
        EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
        EXPECT(thread_suspend(worker.thread), OK); /* stopped already */
        EXPECT_VALUE(worker.progress > 0, 0);
        if (round == 0 && run != run_spin) {
            EXPECT(thread_resume(worker.thread), OK);
            WORKER_JOIN(&worker);
            EXPECT(worker.error, ERR_CANCELED);
        }
        if (round == 1)
            EXPECT(captab_delete(lab->captab, worker.thread), OK);
        if (round == 2)
            EXPECT(captab_delete(lab->captab, worker.sched), OK);
        if (round == 2)
            EXPECT(thread_resume(worker.thread), OK); /* ready, with nothing to run on */
        if (round == 2)
            sleep_us(lab, 1000);
        if (round == 2)
            EXPECT_VALUE(worker.progress, 0);
        if (round == 2)
            EXPECT(captab_delete(lab->captab, worker.thread), OK);
    }
}

void test(struct lab *lab)
{
    static struct worker fresh;
    uint64_t word = 1;

    endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0);
    notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    test_state(lab, run_call, THREAD_STATE_CALLING);
    test_state(lab, run_serve, THREAD_STATE_WAITING);
    test_state(lab, run_notif, THREAD_STATE_NOTIF_WAITING);
    test_state(lab, run_spin, THREAD_STATE_READY);
    worker_make(lab, &fresh, run_spin, (struct worker_options){.priority = PRIORITY_LOW});
    EXPECT_VALUE(worker_state(&fresh), THREAD_STATE_INACTIVE);
    EXPECT(thread_suspend(fresh.thread), ERR_STATE);
    EXPECT(thread_resume(lab_make(lab, OBJECT_TYPE_THREAD, 0, 4096)),
           ERR_STATE); /* configured with nothing */
    EXPECT(call_one(client, after_us(lab, 500), &word), ERR_TIMEOUT);
    EXPECT(notif_signal(notif, 1), OK);
}
