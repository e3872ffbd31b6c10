#include "hostile.h"

#include <stdarg.h>
#include <string.h>

#include "error_name.h"
#include "format.h"
#include "log.h"
#include "start.h"

static uint32_t sleeper; /* a notification that nobody signals */

_Noreturn static void park(void)
{
    for (;;) {
        uint32_t bits;

        (void)!notif_wait(sleeper, DEADLINE_NEVER, &bits);
    }
}

void fail(int line, const char *format, ...)
{
    char reason[160];
    va_list arguments;

    va_start(arguments, format);
    (void)format_list(reason, sizeof reason - 1, format, arguments);
    va_end(arguments);
    log_line("TEST " TEST_NAME " FAIL line %d: %s", line, reason);
    park();
}

void fail_error(int line, const char *call, enum error got, enum error wanted)
{
    fail(line, "%s: %s, expected %s", call, error_name(got), error_name(wanted));
}

void fail_value(int line, const char *what, uint64_t got, uint64_t wanted)
{
    fail(line, "%s is 0x%llx, expected 0x%llx", what, (unsigned long long)got, (unsigned long long)wanted);
}

void sleep_us(struct lab *lab, uint64_t us)
{
    uint32_t bits;

    EXPECT(notif_wait(sleeper, after_us(lab, us), &bits), ERR_TIMEOUT);
}

enum error call_words(uint64_t rax, const uint64_t words[10])
{
    struct lab_words in = {.rdi = 0};

    for (size_t i = 0; i < 10; i++)
        in.word[i] = words[i];
    return (enum error)lab_call(rax, &in);
}

enum error call_one(uint32_t slot, uint64_t deadline, uint64_t *word)
{
    struct message message = {.label = label_make(INTERFACE_ANY, 0, 1), .word = {*word}};
    enum error error = endpoint_call(slot, deadline, &message);

    *word = message.word[0];
    return error;
}

_Noreturn static void worker_main(struct worker *self)
{
    self->run(self);
    self->done = true;
    for (;;)
        (void)!thread_suspend(self->thread);
}

uint32_t worker_thread_for(struct lab *lab, uint64_t rip, uint64_t rsp, uint64_t rdi,
                           struct worker_options options, uint32_t *sched)
{
    const uint64_t budget = ticks_us(lab, options.budget_us ? options.budget_us : 1000000);
    const uint64_t period = ticks_us(lab, options.period_us ? options.period_us : 1000000);
    uint32_t thread = lab_make(lab, OBJECT_TYPE_THREAD, 0, 4096);

    *sched = options.no_sched ? 0 : lab_sched(lab, budget, period, options.priority);
    lab_require(thread_configure(thread, options.space ? options.space : lab->space,
                                 options.captab ? options.captab : lab->captab, *sched, options.reserve,
                                 options.fault, options.notif, options.flags,
                                 options.compartment ? options.compartment : 1000));
    lab_require(thread_write(thread, REGISTER_GROUP_CONTROL, rip, rsp, 0, 0, 0, 0, 0, 0));
    lab_require(thread_write(thread, REGISTER_GROUP_LOW, 0, 0, 0, 0, 0, rdi, 0, 0));
    return thread;
}

void worker_make(struct lab *lab, struct worker *worker, void (*run)(struct worker *),
                 struct worker_options options)
{
    void *page;

    worker->lab = lab;
    worker->run = run;
    worker->done = false;
    worker->progress = 0;
    (void)lab_page(lab, &page); /* two pages that stand together, the stack's end above them */
    (void)lab_page(lab, &page);
    worker->thread = worker_thread_for(lab, (uint64_t)worker_main, (uint64_t)page + 4096 - 8,
                                       (uint64_t)worker, options, &worker->sched);
}

void worker_start(struct lab *lab, struct worker *worker, void (*run)(struct worker *),
                  struct worker_options options)
{
    worker_make(lab, worker, run, options);
    lab_require(thread_resume(worker->thread));
}

enum thread_state worker_state(const struct worker *worker)
{
    uint64_t rip, rsp, rflags, fs, state, f, g, h;

    EXPECT(thread_read(worker->thread, REGISTER_GROUP_CONTROL, &rip, &rsp, &rflags, &fs, &state, &f, &g, &h),
           OK);
    return (enum thread_state)state;
}

void worker_join(struct worker *worker, int line)
{
    for (unsigned i = 0; i < 1000 && !worker->done; i++)
        sleep_us(worker->lab, 1000);
    if (!worker->done)
        fail(line, "a worker did not end: state %u, progress %llu", (unsigned)worker_state(worker),
             (unsigned long long)worker->progress);
}

void run_echo(struct worker *self)
{
    struct message message = {0};
    enum error error = endpoint_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);

    while (error == OK) {
        self->progress++;
        message.label = label_reply(OK, 1);
        message.word[0]++;
        error = endpoint_reply_wait((uint32_t)self->argument[0], DEADLINE_NEVER, &message);
    }
    self->error = error;
}

void run_spin(struct worker *self)
{
    for (;;)
        self->progress++;
}

struct fault fault_wait(struct lab *lab, uint32_t endpoint, int line)
{
    struct message message = {0};
    enum error error = endpoint_wait(endpoint, after_us(lab, 1000000), &message);

    if (error != OK)
        fail(line, "no fault came: %s", error_name(error));
    if (message.label != label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6))
        fail_value(line, "the fault's label", message.label, 0);
    return (struct fault){message.word[0], message.word[1], message.word[2],
                          message.word[3], message.word[4], message.word[5]};
}

/* The same memory seen from here, writable. */
static void *view(struct lab *lab, uint32_t frame)
{
    const uint32_t copy = lab_copy(lab, 0, 0, frame, RIGHT_READ | RIGHT_WRITE, 0, 0, 0);
    void *address = (void *)lab->window;

    lab_require(space_map(lab->space, copy, lab->window, MAP_READ | MAP_WRITE));
    lab->window += 4096;
    return address;
}

void probe_open(struct lab *lab, struct probe *probe)
{
    static const uint8_t ud2[] = {UD2_0, UD2_1};
    const uint32_t sched = lab_sched(lab, ticks_us(lab, 1000000), ticks_us(lab, 1000000), PRIORITY_LOW);
    struct lab_thread made;

    probe->lab = lab;
    probe->fault = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    made = lab_thread(lab, ud2, sizeof ud2, sched, 0, probe->fault, 0, 2000);
    probe->thread = made.thread;
    probe->space = made.space;
    probe->code = view(lab, made.code);
    probe->data = view(lab, made.stack);
}

struct fault probe_run_at(struct probe *probe, const void *code, size_t bytes, uint64_t stack,
                          uint64_t rflags, int line)
{
    struct lab *lab = probe->lab;
    struct fault fault;

    memcpy(probe->code, code, bytes);
    EXPECT(thread_write(probe->thread, REGISTER_GROUP_CONTROL, LAB_CODE, stack ? stack : LAB_STACK + 4096,
                        rflags, 0, 0, 0, 0, 0),
           OK);
    EXPECT(thread_write(probe->thread, REGISTER_GROUP_LOW, 0, 0, 0, 0, 0, LAB_STACK, 0, 0), OK);
    EXPECT(thread_write(probe->thread, REGISTER_GROUP_HIGH, 0, 0, 0, 0, 0, 0, 0, 0), OK);
    EXPECT(thread_resume(probe->thread), OK);
    fault = fault_wait(lab, probe->fault, line);
    EXPECT(thread_suspend(probe->thread), OK); /* its fault is over: stopped */
    return fault;
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    static struct lab lab;

    (void)thread;
    lab_open(&lab, info);
    sleeper = lab_make(&lab, OBJECT_TYPE_NOTIF, 0, 256);
    test(&lab);
    log_line("TEST " TEST_NAME " PASS");
    park();
}
