/* Arithmetic on sizes and addresses that refuses to wrap: by comparison, so that WP can prove it. */
#pragma once

#include "base/types.h"

/*@ requires \valid(sum);
    assigns *sum;
    ensures \result == true <==> a + b <= UINT64_MAX;
    ensures \result == true ==> *sum == a + b;
    ensures \result == false ==> *sum == \old(*sum);
 */
MUST_CHECK static inline bool add_checked(uint64_t a, uint64_t b, uint64_t *sum)
{
    if (b > UINT64_MAX - a) return false;
    *sum = a + b;
    return true;
}

/*@ requires \valid(product);
    assigns *product;
    ensures \result == true <==> a * b <= UINT64_MAX;
    ensures \result == true ==> *product == a * b;
    ensures \result == false ==> *product == \old(*product);
 */
MUST_CHECK static inline bool multiply_checked(uint64_t a, uint64_t b, uint64_t *product)
{
    if (b != 0 && a > UINT64_MAX / b) return false;
    *product = a * b;
    return true;
}

/* @alignment is any number above zero; the callers' are powers of two. */
/*@ requires alignment > 0;
    assigns \nothing;
    ensures \result == true <==> value % alignment == 0;
 */
static inline bool is_aligned(uint64_t value, uint64_t alignment) { return value % alignment == 0; }

/*@ requires alignment > 0;
    assigns \nothing;
    ensures \result == value - value % alignment;
    ensures \result <= value && value - \result < alignment;
 */
static inline uint64_t align_down(uint64_t value, uint64_t alignment) { return value - value % alignment; }

/* The next multiple of @alignment that is not below @value, if there is one. */
/*@ requires \valid(aligned) && alignment > 0;
    assigns *aligned;
    behavior aligned_already:
        assumes value % alignment == 0;
        ensures \result == true && *aligned == value;
    behavior rounded:
        assumes value % alignment != 0 && value - value % alignment + alignment <= UINT64_MAX;
        ensures \result == true && *aligned == value - value % alignment + alignment;
    behavior refused:
        assumes value % alignment != 0 && value - value % alignment + alignment > UINT64_MAX;
        ensures \result == false && *aligned == \old(*aligned);
    complete behaviors;
    disjoint behaviors;
 */
MUST_CHECK static inline bool align_up(uint64_t value, uint64_t alignment, uint64_t *aligned)
{
    const uint64_t rest = value % alignment;
    if (rest == 0) {
        *aligned = value;
        return true;
    }
    if (alignment - rest > UINT64_MAX - value) return false;
    *aligned = value + (alignment - rest);
    return true;
}

/* Whether [base, base + bytes) lies inside [0, limit). */
/*@ assigns \nothing;
    ensures \result == true <==> base + bytes <= limit;
 */
static inline bool range_within(uint64_t base, uint64_t bytes, uint64_t limit) { return base <= limit && bytes <= limit - base; }
