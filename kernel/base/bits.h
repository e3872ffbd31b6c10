/* Bit search: instructions, not C, so the proof takes the contract on trust (-wp-skip-fct). */
#pragma once

#include "base/types.h"

/* Index of the highest set bit of @word, which is not zero. */
/*@ requires word != 0;
    assigns \nothing;
    ensures \result < 64;
    ensures word >> \result == 1;
 */
static inline uint32_t highest_bit(uint64_t word) { return 63 - (uint32_t)__builtin_clzll(word); }
