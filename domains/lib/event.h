/* The two tables behind a domain's loop: what a bit of its notification means, and what happens when. The
 * loop itself stays in the domain, because what it waits in differs (endpoint, notification, vCPU):
 *
 *     for (;;) {
 *         wait(…, event_next_deadline(timers, count), &bits);
 *         event_dispatch(handlers, count, bits);
 *         event_run_timers(timers, count, clock_ticks());
 *     }
 */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H

#include <stddef.h>
#include <stdint.h>

struct event_handler {
    uint32_t bits; /* any of them calls it, once, with those that were set */
    void (*handle)(void *context, uint32_t bits);
    void *context;
};

struct event_timer {
    uint64_t deadline; /* TSC ticks; DEADLINE_NEVER = off */
    void (*expired)(void *context, uint64_t now);
    void *context;
};

/* Answers the bits that no handler took. */
uint32_t event_dispatch(const struct event_handler *handlers, size_t count, uint32_t bits);

uint64_t event_next_deadline(const struct event_timer *timers, size_t count);

/* Turns a timer off before calling it, so that it may set itself again. */
void event_run_timers(struct event_timer *timers, size_t count, uint64_t now);

#endif
