/* A small system for tests: one untyped, one table that holds everything, threads that run from it. */
#ifndef WORLD_H
#define WORLD_H

#include <unistd.h>

#include "entry/entry.h"
#include "fake.h"
#include "obj/endpoint.h"
#include "obj/irq.h"
#include "obj/notif.h"
#include "obj/untyped.h"
#include "obj/vcpu.h"
#include "sys/sys.h"

/* Fixed slots of the table; new objects follow from SLOT_FREE. */
enum {
    WORLD_SLOTS = 1024,
    SLOT_CAPTAB = 1,
    SLOT_UNTYPED,
    SLOT_CONTROL,
    SLOT_SPACE,
    SLOT_DEVICE,
    SLOT_FREE = 8,
    WORLD_SECONDS = 30
};
#define WORLD_BUDGET 100000ull
#define WORLD_PERIOD 1000000ull
#define DEVICE_BASE 0x80000000ull
#define DEVICE_BYTES (4ull << 30)

struct world {
    struct slot memory; /* the root of everything: revoked, the world is gone */
    struct captab *table;
    uint32_t next; /* slot */
};
extern struct world world;

/* Tear down what the last test left, through the kernel's own revocation, and begin again. */
void world_reset(void);
struct slot *world_slot(uint32_t index);
/* The object in slot @index. */
void *world_object(uint32_t index);
/* Make one object and return its slot. */
uint32_t world_new(uint8_t type, uint64_t size, uint8_t flags);
/* The same, carved from the untyped in slot @from into slot @to of @table. */
void world_make(uint32_t from, struct captab *table, uint32_t to, uint8_t type, uint64_t size, uint8_t flags);
/* A copy of slot @from, as captab_copy makes it; returns the new slot. */
uint32_t world_copy(uint32_t from, uint8_t rights, uint8_t flags, uint16_t interface, uint32_t mask,
                    uint64_t badge);
/* A chain of copies of slot @from down to the greatest depth; returns the last one's slot. */
uint32_t world_deep(uint32_t from);
/* Revoke what is below @root and, with @remove, the capability itself; the loop of a stub. */
void world_revoke(struct slot *root, bool remove);

struct endpoint *world_endpoint(void);
struct notif *world_notif(void);
struct sched *world_sched(uint8_t priority);

/* What a thread is configured with; zero = as by default. */
struct recipe {
    uint8_t priority; /* 10 */
    bool passive;     /* no context of its own */
    bool reserve;
    bool fpu;
    uint32_t fault; /* slots */
    uint32_t notif;
    uint32_t compartment;
    uint32_t space;
};
/* A thread that has been configured but not started; sets *@slot if not NULL. */
struct thread *world_thread(const struct recipe *recipe, uint32_t *slot);
/* One that is ready, on priority 10. */
struct thread *world_ready(void);
/* Make @thread the current one, on its context. */
void world_run(struct thread *thread);
/* Let the scheduler decide: who runs, or NULL. */
struct thread *world_schedule(void);
/* Time passes; timers that are due fire, as at a timer interrupt. */
void world_time(uint64_t ticks);

/* @thread makes a call with @words in order; the answer is in rax. */
enum error world_call(struct thread *thread, enum call number, uint32_t slot,
                      const uint64_t words[MESSAGE_WORDS]);
/* The same for a message: label and deadline. */
enum error world_message(struct thread *thread, enum call number, uint32_t slot, uint64_t label,
                         uint64_t deadline);
/* The call is refused with @error, and nothing but the answer has changed: the number of times that this is not so. */
int world_refused(const char *file, int line, enum error error, struct thread *thread, enum call number,
                  uint32_t slot, const uint64_t words[MESSAGE_WORDS], uint64_t label, uint64_t deadline);

#define WORDS(...) ((const uint64_t[MESSAGE_WORDS]){__VA_ARGS__})
#define CALL(number, slot, ...) world_call(world_caller, number, slot, WORDS(__VA_ARGS__))
#define REFUSED(error, number, slot, ...) \
    (unit_failed_checks +=                \
     world_refused(__FILE__, __LINE__, error, world_caller, number, slot, WORDS(__VA_ARGS__), 0, 0))
#define REFUSED_MESSAGE(error, number, slot, label, deadline) \
    (unit_failed_checks +=                                    \
     world_refused(__FILE__, __LINE__, error, world_caller, number, slot, WORDS(0), label, deadline))
/* The last word is used by no call without a message. */
#define REFUSED_UNUSED(number, slot) REFUSED(ERR_ARGUMENT, number, slot, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
/* The thread for whom CALL and REFUSED speak: ready and current, made on first use. */
#define world_caller (world_self())
struct thread *world_self(void);

/* Every relation that must hold between any two system calls; the number of those that do not, each told. */
uint32_t invariants(void);
#define CHECK_WORLD() CHECK_EQ(invariants(), 0)

/* Run a test in a world of its own. One that does not end, as a broken list has it, is ended. */
#define RUN_WORLD(test)             \
    do {                            \
        (void)alarm(WORLD_SECONDS); \
        world_reset();              \
        RUN(test);                  \
    } while (0)

#endif
