/* Bit search: instructions, not C, so the proof takes these two contracts on trust (-wp-skip-fct). */
#pragma once

#include "base/types.h"

/* Index of the lowest set bit of @word, which is not zero. */
/*@ requires word != 0;
    assigns \nothing;
    ensures \result < 64;
    ensures (word >> \result) % 2 == 1;
    ensures \forall integer i; 0 <= i < \result ==> (word >> i) % 2 == 0;
 */
static inline uint32_t lowest_bit(uint64_t word) { return (uint32_t)__builtin_ctzll(word); }

/* Index of the highest set bit of @word, which is not zero. */
/*@ requires word != 0;
    assigns \nothing;
    ensures \result < 64;
    ensures word >> \result == 1;
 */
static inline uint32_t highest_bit(uint64_t word) { return 63 - (uint32_t)__builtin_clzll(word); }
