/* Random or hostile use of the whole of obj and sys: what every thread of a small world does is read from a source. */
#ifndef DRIVE_H
#define DRIVE_H

#include "base/types.h"

/* Any 64-bit word. */
struct drive_source {
    uint64_t (*next)(void *context);
    void *context;
};

/* A new world: clients, servers with and without contexts and reserves, a VMM and its guest, tables in tables. */
void drive_begin(void);
/* One system call, interrupt, fault or lapse of time; begins again when nothing can run any more. Returns the number of
 * invariants that are broken after it. */
uint32_t drive_step(const struct drive_source *source);
/* What was reached: system calls that answered with each error. */
extern uint64_t drive_answers[27];
extern uint64_t drive_worlds;
/* Tell every step. */
extern bool drive_verbose;

#endif
