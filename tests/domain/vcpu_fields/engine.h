/* One state of the vCPU's page at a time: taken over, shown, run, and what that did to the processor. */
#ifndef ENGINE_H
#define ENGINE_H

#include "fields.h"
#include "guest.h"
#include "host.h"

struct walk_state {
    struct lab *lab;
    struct guest guest;
    struct probe probe;
    struct host host;
    struct vcpu_state legal[MODES], written;
    bool shown; /* the page holds what the kernel took over */
    bool loads_cr2;
    uint64_t values, entries, random;
    char what[96]; /* the value that is tried */
};

#define FAIL(state, reason) fail(__LINE__, "%s: %s", (state)->what, (reason))
enum { END_DEADLINE = 100 };

/* state->written goes to the page and is taken over; the guest is not entered. */
enum error apply(struct walk_state *state);
/* All groups, as the kernel shows them, against the rules; nothing if not all were dirty. */
void read_back(struct walk_state *state);
/* What one entry came to: an exit reason, or END_DEADLINE. Others may use up a short run before the guest does anything: with
 * @to_exit it gets a longer one then. */
uint32_t enter(struct walk_state *state, bool to_exit);
/* Whether the guest in 64-bit mode came to its end: three CPUIDs, SYSCALL to its LSTAR, and a loop that the deadline ends. */
bool run(struct walk_state *state, enum mode mode, bool inert);
/* What of this processor the walk must know. */
void learn(struct walk_state *state);
/* The legal state runs, whatever was tried before; an event that still waits is delivered first. */
void recover(struct walk_state *state);

#endif
