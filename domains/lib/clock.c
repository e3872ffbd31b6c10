#include "clock.h"

#include "checked.h"

#define NS_PER_MS UINT64_C(1000000)

/* @value * @numerator / @denominator, in two parts so that the product of the remainder stays below
 * denominator * numerator < 2^64 for denominators and numerators below 2^32. */
static uint64_t scale(uint64_t value, uint64_t numerator, uint64_t denominator)
{
    uint64_t whole, sum;
    if (denominator == 0 || denominator > UINT32_MAX || numerator > UINT32_MAX) {
        return 0;
    }
    if (!checked_multiply(value / denominator, numerator, &whole)) {
        return UINT64_MAX;
    }
    return checked_add(whole, value % denominator * numerator / denominator, &sum) ? sum : UINT64_MAX;
}

uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t tsc_khz)
{
    return scale(ticks, NS_PER_MS, tsc_khz);
}

uint64_t clock_ns_to_ticks(uint64_t ns, uint64_t tsc_khz)
{
    return scale(ns, tsc_khz, NS_PER_MS);
}

uint64_t clock_deadline_after(uint64_t ns, uint64_t tsc_khz)
{
    uint64_t deadline;
    return checked_add(clock_ticks(), clock_ns_to_ticks(ns, tsc_khz), &deadline) ? deadline : DEADLINE_NEVER;
}
