/* Fault endpoints: a handler that resumes, that refuses, that dies, that is revoked, that is the thread itself. Faults of the faulter's own making
 * never reach anyone else. */
#include "hostile.h"

static void run_fault(struct worker *self)
{
    __asm__ volatile("int3" : : : "memory");
    self->progress++;
    *(volatile uint64_t *)(8 + self->argument[0]) = 1;
    self->progress++;
}

static struct message reply(enum error status)
{
    return (struct message){.label = label_reply(status, 0)};
}

/* Serves the endpoint that is its own fault endpoint. */
static void run_own(struct worker *self)
{
    struct message message = {0};

    (void)!endpoint_wait((uint32_t)self->argument[1], 0, &message);
    run_fault(self);
}

void test(struct lab *lab)
{
    static struct worker worker;
    const struct worker_options plain = {.priority = PRIORITY_HIGH};
    struct worker_options options = plain;
    struct message message = {0};
    struct fault fault;
    uint32_t badged;

    /* No handler: it stops. */
    worker_start(lab, &worker, run_fault, plain);
    EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
    /* The handler sees the badge, answers otherwise than OK: it stops; its registers can be read. */
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    badged = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_FAULT, 1, 0xbad9e);
    options.fault = badged;
    worker_start(lab, &worker, run_fault, options);
    EXPECT_VALUE(worker_state(&worker), THREAD_STATE_FAULTED);
    EXPECT(endpoint_wait(endpoint, 0, &message), OK);
    EXPECT_VALUE(message.badge, 0xbad9e);
    message = reply(ERR_DENIED);
    EXPECT(endpoint_reply_wait(endpoint, 0, &message), ERR_TIMEOUT);
    EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
    /* Answered OK it runs on where it stood; with a page fault it comes again at once. */
    worker_start(lab, &worker, run_fault, options);
    fault = FAULT(endpoint);
    CHECK(fault.vector == 3 || fault.vector == VECTOR_GP);
    EXPECT(thread_suspend(worker.thread), OK);
    EXPECT(endpoint_reply_wait(endpoint, 0, &(struct message){.label = label_reply(OK, 0)}),
           ERR_TIMEOUT); /* too late */
    EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
    /* Suspended, destroyed or without handler while the fault waits in the queue. */
    for (unsigned how = 0; how < 3; how++) {
        worker_start(lab, &worker, run_fault, options);
        EXPECT_VALUE(worker_state(&worker), THREAD_STATE_FAULTED);
        if (how == 0)
            EXPECT(thread_suspend(worker.thread), OK);
        if (how == 1)
            EXPECT(captab_delete(lab->captab, worker.thread), OK);
        if (how == 2)
            EXPECT(captab_delete(lab->captab, badged), OK); /* nothing is taken back: the call is made */
        EXPECT(endpoint_wait(endpoint, 0, &message), how == 2 ? OK : ERR_TIMEOUT);
    }
    EXPECT(captab_delete(lab->captab, endpoint), OK);
    if (worker_state(&worker) != THREAD_STATE_FAULTED)
        EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
    /* Its own handler: nobody is there to take it, so it stops. */
    const uint32_t own = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    options.fault = own;
    worker.argument[1] = own;
    worker_start(lab, &worker, run_own, options);
    sleep_us(lab, 1000); /* the last faulter's context is still lent to us */
    EXPECT_VALUE(worker_state(&worker), THREAD_STATE_STOPPED);
}
