/* The guest's time: host TSC ticks to nanoseconds since it started, and back. */
#ifndef VMM_TIMEBASE_H
#define VMM_TIMEBASE_H

#include "common.h"

struct timebase {
    uint64_t start; /* TSC of the machine when the guest started */
    uint64_t tsc_khz;
    uint32_t multiplier; /* ns = ((ticks << shift) * multiplier) >> 32, as kvm-clock wants it */
    int8_t shift;
    uint64_t factor; /* the same as ns = ticks * factor >> down, 1..63, without a branch */
    uint32_t down;
};

void timebase_init(struct timebase *timebase, uint64_t tsc_khz, uint64_t start);
static inline uint64_t timebase_ns(const struct timebase *timebase, uint64_t tsc)
{
    unsigned __int128 product = (unsigned __int128)(tsc - timebase->start) * timebase->factor;
    return (uint64_t)(product >> 64) << (64 - timebase->down) | (uint64_t)product >> timebase->down;
}

/* The first tick at which timebase_ns() is at least @ns; TIME_NEVER stays. */
uint64_t timebase_tsc(const struct timebase *timebase, uint64_t ns);

#endif
