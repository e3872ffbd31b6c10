/* The rows of DESIGN 7 that a domain can measure, on the shipped image, each a log line for tools/bulkhead/bench.py.
 * Run under -icount shift=0: a tick is an instruction. Every call has a finite deadline; the interface and method are checked; caller and
 * server stand in different spaces and compartments of their own. */
#include "lab.h"

#include "log.h"
#include "panic.h"
#include "stubs.h"

enum { ROUNDS = 1000, PRIORITY_CLIENT = 10, PRIORITY_WAITER = 30, INTERFACE_ECHO = 40 };

uint64_t bench_call(uint64_t rax, uint64_t deadline, uint64_t label);
uint64_t bench_words(uint64_t rax, const uint64_t words[10]);
uint64_t bench_empty(void);
extern const uint8_t bench_echo[], bench_echo_end[], bench_waiter[], bench_waiter_end[];

static uint64_t samples[ROUNDS];
static uint64_t overhead;

static uint64_t target(enum call call, uint32_t slot)
{
    return (uint64_t)call << CALL_SHIFT | slot;
}
static uint64_t soon(const struct lab *lab)
{
    return lab_tsc() + lab->tsc_khz * 1000;
}

static void sort(void)
{
    for (size_t i = 1; i < ROUNDS; i++) {
        uint64_t value = samples[i];
        size_t at = i;

        for (; at > 0 && samples[at - 1] > value; at--)
            samples[at] = samples[at - 1];
        samples[at] = value;
    }
}

static void report(const char *name, const char *how)
{
    sort();
    log_line("bench: %s rounds=%u min=%llu median=%llu how=%s", name, (unsigned)ROUNDS,
             (unsigned long long)(samples[0] - overhead),
             (unsigned long long)(samples[ROUNDS / 2] - overhead), how);
}

static void measure_overhead(void)
{
    overhead = UINT64_MAX;
    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t ticks = bench_empty();

        if (ticks < overhead)
            overhead = ticks;
    }
}

static uint64_t timed(uint64_t rax, uint64_t deadline, uint64_t label)
{
    uint64_t ticks = bench_call(rax, deadline, label);

    if (ticks == UINT64_MAX)
        panic("a measured call was refused");
    return ticks;
}

static void row_null(void)
{
    for (size_t i = 0; i < ROUNDS; i++)
        samples[i] = timed(target(CALL_NULL, 0), 0, 0);
    report("syscall.null", "SYSCALL to SYSRET, with the loading of the call's registers");
}

static void row_ipc(struct lab *lab, uint32_t words, const char *name)
{
    uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ECHO, 2, 7);
    uint32_t sched = lab_sched(lab, lab->tsc_khz * 5, lab->tsc_khz * 10, PRIORITY_WAITER);
    struct lab_thread server =
        lab_thread(lab, bench_echo, (size_t)(bench_echo_end - bench_echo), sched, 0, 0, 0, 1000);

    lab_copy(lab, server.captab, 1, endpoint, RIGHT_WAIT, INTERFACE_ECHO, 2, 7);
    lab_start(&server);
    for (size_t i = 0; i < ROUNDS; i++)
        samples[i] =
            timed(target(CALL_ENDPOINT_CALL, client), soon(lab), label_make(INTERFACE_ECHO, 1, words));
    report(name, "call and reply-and-wait between two address spaces and compartments, finite deadline, "
                 "interface and method checked");
    lab_reset(lab);
}

static void row_notif(struct lab *lab)
{
    uint32_t notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);

    for (size_t i = 0; i < ROUNDS; i++) {
        uint32_t bits;

        samples[i] = timed(target(CALL_NOTIF_SIGNAL, notif), 0, 0);
        lab_require(notif_wait(notif, 0, &bits));
    }
    report("notif.signal", "signal, mask checked, no waiter");
    for (size_t i = 0; i < ROUNDS; i++) {
        lab_require(notif_signal(notif, 1));
        samples[i] = timed(target(CALL_NOTIF_WAIT, notif), soon(lab), 0);
    }
    report("notif.wait", "wait, already signalled");
    lab_reset(lab);
}

static void row_switch(struct lab *lab)
{
    uint32_t notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    uint32_t sched = lab_sched(lab, lab->tsc_khz * 5, lab->tsc_khz * 10, PRIORITY_WAITER);
    struct lab_thread waiter =
        lab_thread(lab, bench_waiter, (size_t)(bench_waiter_end - bench_waiter), sched, 0, 0, 0, 1000);

    lab_copy(lab, waiter.captab, 1, notif, RIGHT_WAIT, 0, UINT32_MAX, 0);
    lab_start(&waiter);
    for (size_t i = 0; i < ROUNDS; i++)
        samples[i] = timed(target(CALL_NOTIF_SIGNAL, notif), 0, 0);
    report("notif.switch",
           "signal, the waiter of higher priority runs in another space and waits again, back");
    lab_reset(lab);
}

static uint64_t timed_words(uint64_t rax, const uint64_t words[10])
{
    uint64_t ticks = bench_words(rax, words);

    if (ticks == UINT64_MAX)
        panic("a measured call was refused");
    return ticks;
}

static void row_map(struct lab *lab)
{
    uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096);
    const uint64_t words[10] = {frame, lab->window, MAP_READ | MAP_WRITE};

    for (size_t i = 0; i < ROUNDS; i++) {
        samples[i] = timed_words(target(CALL_SPACE_MAP, lab->space), words);
        lab_require(space_unmap(lab->space, frame));
    }
    report("space.map", "one 4 KiB frame, tables there, all ten words loaded");
    lab_reset(lab);
}

static void row_copy(struct lab *lab)
{
    uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024), to = lab_slot(lab);
    const uint64_t words[10] = {to, lab->captab, endpoint, RIGHT_CALL, 0, INTERFACE_ECHO, 1, 9};

    for (size_t i = 0; i < ROUNDS; i++) {
        samples[i] = timed_words(target(CALL_CAPTAB_COPY, lab->captab), words);
        lab_require(captab_delete(lab->captab, to));
    }
    report("captab.copy", "one capability with derivation, all ten words loaded");
    lab_reset(lab);
}

void bench_section(struct lab *lab);

void domain_main(const struct domain_info *info, uint32_t thread);
void domain_main(const struct domain_info *info, uint32_t thread)
{
    struct lab lab;

    (void)thread;
    lab_open(&lab, info);
    measure_overhead();
    row_null();
    row_ipc(&lab, 1, "ipc.call.1");
    row_ipc(&lab, 8, "ipc.call.8");
    row_notif(&lab);
    row_switch(&lab);
    row_map(&lab);
    row_copy(&lab);
    bench_section(&lab);
    log_line("bench: end");
    for (;;) {
        uint32_t bits, notif = lab_make(&lab, OBJECT_TYPE_NOTIF, 0, 256);

        lab_require(notif_wait(notif, DEADLINE_NEVER, &bits));
    }
}
