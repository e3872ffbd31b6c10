/* Arithmetic on sizes and addresses that says so when it does not fit: each function answers false on
 * overflow and then leaves its output alone. */
#ifndef LIB_CHECKED_H
#define LIB_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    if (b > UINT64_MAX - a) {
        return false;
    }
    *sum = a + b;
    return true;
}

static inline bool checked_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
    if (a != 0 && b > UINT64_MAX / a) {
        return false;
    }
    *product = a * b;
    return true;
}

/* @alignment is a power of two. */
static inline bool checked_align_up(uint64_t value, uint64_t alignment, uint64_t *aligned)
{
    uint64_t sum;
    if (!checked_add(value, alignment - 1, &sum)) {
        return false;
    }
    *aligned = sum & ~(alignment - 1);
    return true;
}

/* Does [start, start + bytes) lie inside [base, base + limit)? An empty range may stand at the end. */
static inline bool range_inside(uint64_t start, uint64_t bytes, uint64_t base, uint64_t limit)
{
    return start >= base && bytes <= limit && start - base <= limit - bytes;
}

/* Do the two ranges share a byte? Both ends must have been checked against overflow. */
static inline bool ranges_overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a_bytes != 0 && b_bytes != 0 && a < b + b_bytes && b < a + a_bytes;
}

#endif
