/* One wake-up of blkvirt, and what it tells management. */
#ifndef BLKVIRT_WORK_H
#define BLKVIRT_WORK_H

#include "blkvirt.h"

/* The part of setting up that needs no description: tenants and channels are in place. */
void work_begin(struct blkvirt *blkvirt);

/* Serves everybody in turn. False: there is more to do, but others of this thread's callers come first. */
bool work(struct blkvirt *blkvirt);

/* Runs the watchdog if its time has come. */
void watch_run(struct blkvirt *blkvirt, uint64_t now);

/* Parked: what is in flight is answered with errors, and so is what comes, until taken back. Call work afterwards. */
void work_park(struct blkvirt *blkvirt, bool parked);

#endif
