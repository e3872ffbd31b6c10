#include "event.h"

#include "clock.h"

uint32_t event_dispatch(const struct event_handler *handlers, size_t count, uint32_t bits)
{
    uint32_t left = bits;
    for (size_t i = 0; i < count; i++) {
        uint32_t mine = bits & handlers[i].bits;
        if (mine != 0) {
            handlers[i].handle(handlers[i].context, mine);
            left &= ~mine;
        }
    }
    return left;
}

uint64_t event_next_deadline(const struct event_timer *timers, size_t count)
{
    uint64_t next = DEADLINE_NEVER;
    for (size_t i = 0; i < count; i++) {
        next = timers[i].deadline < next ? timers[i].deadline : next;
    }
    return next;
}

void event_run_timers(struct event_timer *timers, size_t count, uint64_t now)
{
    for (size_t i = 0; i < count; i++) {
        if (timers[i].deadline <= now && timers[i].deadline != DEADLINE_NEVER) {
            timers[i].deadline = DEADLINE_NEVER;
            timers[i].expired(timers[i].context, now);
        }
    }
}
