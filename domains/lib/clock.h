/* Time, in ticks of the time-stamp counter and in nanoseconds. General registers only. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

#include <bulkhead/abi.h> /* DEADLINE_NOW, DEADLINE_NEVER */

/* [SDM-2023-09] Vol 2B RDTSC: not ordered with the loads around it, which deadlines do not need. */
static inline uint64_t clock_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Conversions that cannot overflow on the way; a result beyond 64 bits is UINT64_MAX.
 * @tsc_khz comes from domain_info; 0 is answered with 0. */
uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t tsc_khz);
uint64_t clock_ns_to_ticks(uint64_t ns, uint64_t tsc_khz);

/* The absolute deadline @ns from now, never DEADLINE_NOW; saturates at DEADLINE_NEVER. */
uint64_t clock_deadline_after(uint64_t ns, uint64_t tsc_khz);

#endif
