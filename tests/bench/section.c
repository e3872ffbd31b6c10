/* kernel.section: the longest stretch in the kernel, as seen from user mode around each call, over the calls at their largest: full
 * batches of every type, a full table of derived capabilities revoked at full depth, a space full of pages, many threads that wait. */
#include "lab.h"

#include "log.h"
#include "panic.h"
#include "stubs.h"

enum { BATCH = 64, DEPTH = 11, COPIES = 200, CALLERS = 40, INTERFACE_ANY = 41 };

static uint64_t longest, calls;
static const char *longest_name;

static uint64_t target(enum call call, uint32_t slot)
{
    return (uint64_t)call << CALL_SHIFT | slot;
}

static void note(const char *name, uint64_t ticks)
{
    calls++;
    if (ticks <= longest)
        return;
    longest = ticks;
    longest_name = name;
}

/* Repeat the call while it says ERR_AGAIN; each is a section. */
static enum error section(const char *name, uint64_t rax, const struct lab_words *in)
{
    uint64_t status;

    do {
        struct lab_words words = *in;
        uint64_t start = lab_tsc(), ticks;

        status = lab_call(rax, &words);
        ticks = lab_tsc() - start;
        note(name, ticks);
    } while (status == ERR_AGAIN);
    return (enum error)status;
}

static void retype(struct lab *lab, const char *name, enum object_type type, uint8_t flags, uint64_t size,
                   uint32_t count)
{
    const struct lab_words words = {.word = {type, flags, size, lab->captab, lab->next, count}};

    lab_require(section(name, target(CALL_UNTYPED_RETYPE, lab->untyped), &words));
    lab->next += count;
}

static void revoke(struct lab *lab, const char *name, uint32_t index)
{
    const struct lab_words words = {.word = {index}};

    lab_require(section(name, target(CALL_CAPTAB_REVOKE, lab->captab), &words));
}

/* Every type in full batches, then all of it revoked at once. */
static void batches(struct lab *lab)
{
    retype(lab, "retype 64 threads", OBJECT_TYPE_THREAD, 0, 4096, BATCH);
    retype(lab, "retype 64 endpoints", OBJECT_TYPE_ENDPOINT, 0, 1024, BATCH);
    retype(lab, "retype 64 notifs", OBJECT_TYPE_NOTIF, 0, 256, BATCH);
    retype(lab, "retype 64 scheds", OBJECT_TYPE_SCHED, 0, 256, BATCH);
    retype(lab, "retype 64 frames", OBJECT_TYPE_FRAME, 0, 4096, BATCH);
    retype(lab, "retype 4 vcpus", OBJECT_TYPE_VCPU, 0, 16384, 4);
    retype(lab, "retype 16 captabs", OBJECT_TYPE_CAPTAB, 0, 1024, 16);
    retype(lab, "retype a space", OBJECT_TYPE_SPACE, 0, 512, 1);
    revoke(lab, "revoke batches", lab->untyped);
    lab->next = lab->first;
}

/* A chain as deep as derivation goes below what stands three below a root, and copies at its end. */
static void deep(struct lab *lab)
{
    uint32_t at = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    const uint32_t root = at;

    for (uint32_t depth = 0; depth < DEPTH; depth++)
        at = lab_copy(lab, 0, 0, at, RIGHT_CALL, INTERFACE_ANY, 1, 1);
    for (uint32_t copy = 0; copy < COPIES; copy++)
        (void)lab_copy(lab, 0, 0, at, RIGHT_CALL, INTERFACE_ANY, 1, 1);
    revoke(lab, "revoke a deep tree", root);
    lab_reset(lab);
}

/* Originals in a table that is destroyed with them. */
static void full_table(struct lab *lab)
{
    uint32_t table = lab_make(lab, OBJECT_TYPE_CAPTAB, 0, 1024);
    struct lab_words words = {.word = {table}};

    for (uint32_t i = 1; i < 1024 - BATCH; i += BATCH)
        lab_require(untyped_retype(lab->untyped, OBJECT_TYPE_NOTIF, 0, 256, table, i, BATCH));
    lab_require(section("delete a full table", target(CALL_CAPTAB_DELETE, lab->captab), &words));
    lab_reset(lab);
}

/* CALLERS threads below the laboratory's priority, each with a context and a deadline of its own, call the endpoint at @endpoint and
 * queue there while the laboratory sleeps. */
extern const uint8_t bench_caller[], bench_caller_end[];
static uint32_t queue_callers(struct lab *lab, uint64_t deadline)
{
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    uint32_t bits;

    for (uint32_t i = 0; i < CALLERS; i++) {
        const uint32_t sched = lab_sched(lab, 20000, lab->tsc_khz * 100, 5);
        const struct lab_thread caller = lab_thread(
            lab, bench_caller, (size_t)(bench_caller_end - bench_caller), sched, 0, 0, 0, 2000 + i);

        lab_copy(lab, caller.captab, 1, endpoint, RIGHT_CALL, INTERFACE_ANY, 1, i);
        lab_require(thread_write(caller.thread, REGISTER_GROUP_LOW, 0, 0, 0, 0, 0, deadline, 0, 0)); /* rdi */
        lab_start(&caller);
    }
    if (notif_wait(notif, lab_tsc() + lab->tsc_khz * 5, &bits) != ERR_TIMEOUT)
        panic("a wait that nobody ends did not time out");
    return endpoint;
}

/* Many callers queue at an endpoint that goes away. */
static void callers(struct lab *lab)
{
    const struct lab_words words = {.word = {queue_callers(lab, DEADLINE_NEVER)}};

    lab_require(
        section("delete an endpoint with 40 callers", target(CALL_CAPTAB_DELETE, lab->captab), &words));
    lab_reset(lab);
}

/* Their deadlines pass at the same moment: the longest gap between two readings of the clock is the interrupt. */
static void deadlines(struct lab *lab)
{
    const uint64_t when = lab_tsc() + lab->tsc_khz * 20;
    uint64_t last, now, gap = 0;

    (void)queue_callers(lab, when);
    for (last = lab_tsc(); last < when + lab->tsc_khz; last = now) {
        now = lab_tsc();
        if (now - last > gap)
            gap = now - last;
    }
    note("40 deadlines at once", gap);
    lab_reset(lab);
}

void bench_section(struct lab *lab);
void bench_section(struct lab *lab)
{
    longest = 0;
    batches(lab);
    deep(lab);
    full_table(lab);
    callers(lab);
    deadlines(lab);
    log_line("bench: kernel.section rounds=%llu min=%llu median=%llu how=longest of all calls at their "
             "largest: %s",
             (unsigned long long)calls, (unsigned long long)longest, (unsigned long long)longest,
             longest_name);
}
