/* What a hostile domain's test is written with: one include for a test. The test itself is the thread of the description; others are
 * workers, threads of the same image in the laboratory's space and table, at priorities that the test chooses. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "lab.h"
#include "stubs.h"
#include <bulkhead/message.h>

/* The description's priorities: mgmt 20, witness 15, the test 10. Workers stand above or below the test, never above the witness. */
enum { PRIORITY_LOW = 5, PRIORITY_TEST = 10, PRIORITY_HIGH = 12, PRIORITY_HIGHER = 14 };
enum { INTERFACE_ANY = 40, MASK_ALL = 0xffff };

/* What a test's main.c provides. Returning means PASS. */
void test(struct lab *lab);

/* --- claims ------------------------------------------------------------------------------------------------------ */

/* FAIL with the reason unless the claim holds. */
#define CHECK(claim)                      \
    do {                                  \
        if (!(claim))                     \
            fail(__LINE__, "%s", #claim); \
    } while (0)
#define EXPECT(call, wanted)                             \
    do {                                                 \
        const enum error got_ = (call);                  \
        if (got_ != (wanted))                            \
            fail_error(__LINE__, #call, got_, (wanted)); \
    } while (0)
#define EXPECT_VALUE(value, wanted)                                 \
    do {                                                            \
        const uint64_t got_ = (uint64_t)(value);                    \
        if (got_ != (uint64_t)(wanted))                             \
            fail_value(__LINE__, #value, got_, (uint64_t)(wanted)); \
    } while (0)
_Noreturn void fail(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fail_error(int line, const char *call, enum error got, enum error wanted);
_Noreturn void fail_value(int line, const char *what, uint64_t got, uint64_t wanted);

/* --- calls and time ---------------------------------------------------------------------------------------------- */

static inline uint64_t ticks_us(const struct lab *lab, uint64_t us)
{
    return us * lab->tsc_khz / 1000;
}
static inline uint64_t after_us(const struct lab *lab, uint64_t us)
{
    return lab_tsc() + ticks_us(lab, us);
}
void sleep_us(struct lab *lab, uint64_t us);
static inline uint64_t target(enum call call, uint32_t slot)
{
    return (uint64_t)call << CALL_SHIFT | slot;
}
/* A call with these registers, whatever they are: rax, then words. */
enum error call_words(uint64_t rax, const uint64_t words[10]);
static inline struct message empty(void)
{
    return (struct message){.label = label_make(INTERFACE_ANY, 0, 0)};
}
/* endpoint_call of method 0 with one word; the answer's word 0 comes back. */
enum error call_one(uint32_t slot, uint64_t deadline, uint64_t *word);

/* --- workers ------------------------------------------------------------------------------------------------------ */

struct worker {
    struct lab *lab;
    void (*run)(struct worker *self);
    volatile uint64_t argument[4]; /* the test's */
    volatile uint64_t progress;    /* the worker's */
    volatile enum error error;
    volatile uint64_t result[4];
    volatile bool done;     /* run has returned; the thread has stopped itself */
    uint32_t thread, sched; /* slots */
};

struct worker_options {
    uint8_t priority;
    uint64_t budget_us, period_us;  /* 0: 1 s of 1 s */
    uint32_t reserve, fault, notif; /* slots, 0 = none */
    uint32_t space, captab;         /* slots, 0 = the laboratory's */
    uint32_t compartment;
    uint8_t flags;
    bool no_sched; /* a server that lives on what callers lend */
};

/* Made, with registers set, not started. */
void worker_make(struct lab *lab, struct worker *worker, void (*run)(struct worker *),
                 struct worker_options options);
void worker_start(struct lab *lab, struct worker *worker, void (*run)(struct worker *),
                  struct worker_options options);
enum thread_state worker_state(const struct worker *worker);
/* Sleeps until the worker is done, FAIL after a second. */
#define WORKER_JOIN(worker) worker_join((worker), __LINE__)
void worker_join(struct worker *worker, int line);
/* Entered with any registers; see traps.S for what a worker may run instead of C. */
uint32_t worker_thread_for(struct lab *lab, uint64_t rip, uint64_t rsp, uint64_t rdi,
                           struct worker_options options, uint32_t *sched);

/* A server that answers each call with word 0 plus one, on the endpoint in argument[0]. */
void run_echo(struct worker *self);
/* Adds to progress for ever. */
void run_spin(struct worker *self);

/* --- faults ------------------------------------------------------------------------------------------------------- */

struct fault {
    uint64_t vector, code, rip, address, rsp, rflags;
};
/* The next fault message on @endpoint, FAIL after a second; the thread stays stopped. */
#define FAULT(endpoint) fault_wait(lab, (endpoint), __LINE__)
struct fault fault_wait(struct lab *lab, uint32_t endpoint, int line);

/* --- probes ------------------------------------------------------------------------------------------------------- */

/* A thread in a space of its own that runs a few instructions until they fault. Code stands at LAB_CODE, a page of data and stack at
 * LAB_STACK; rdi points to the data. */
struct probe {
    struct lab *lab;
    uint8_t *code;
    uint64_t *data;
    uint32_t thread, space, fault;
};
void probe_open(struct lab *lab, struct probe *probe);
/* Run @code until its first fault. @stack: rsp at the start, 0 = the end of the data page. */
struct fault probe_run_at(struct probe *probe, const void *code, size_t bytes, uint64_t stack,
                          uint64_t rflags, int line);
#define PROBE(probe, ...)                                                                               \
    probe_run_at((probe), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), 0, 0, \
                 __LINE__)
enum { UD2_0 = 0x0f, UD2_1 = 0x0b, VECTOR_DB = 1, VECTOR_UD = 6, VECTOR_GP = 13, VECTOR_PF = 14 };

#endif
