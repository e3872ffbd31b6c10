/* What the compiler expects of a freestanding program, and zeroing. */
#pragma once

#include "base/types.h"

/*@ requires \valid((uint8_t *)to + (0 .. bytes - 1)) && \valid_read((uint8_t *)from + (0 .. bytes - 1));
    requires \separated((uint8_t *)to + (0 .. bytes - 1), (uint8_t *)from + (0 .. bytes - 1));
    assigns ((uint8_t *)to)[0 .. bytes - 1] \from ((uint8_t *)from)[0 .. bytes - 1];
    assigns \result \from to;
    ensures \result == to;
    ensures \forall integer i; 0 <= i < bytes ==> ((uint8_t *)to)[i] == ((uint8_t *)from)[i];
 */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
/*@ requires \valid((uint8_t *)to + (0 .. bytes - 1));
    assigns ((uint8_t *)to)[0 .. bytes - 1] \from value;
    assigns \result \from to;
    ensures \result == to;
    ensures \forall integer i; 0 <= i < bytes ==> ((uint8_t *)to)[i] == (uint8_t)value;
 */
void *memset(void *to, int value, size_t bytes);
/*@ requires \valid_read((uint8_t *)a + (0 .. bytes - 1)) && \valid_read((uint8_t *)b + (0 .. bytes - 1));
    assigns \nothing;
    ensures \result == 0 <==> \forall integer i; 0 <= i < bytes ==> ((uint8_t *)a)[i] == ((uint8_t *)b)[i];
    ensures \result < 0 <==> \exists integer i; 0 <= i < bytes && ((uint8_t *)a)[i] < ((uint8_t *)b)[i] &&
        \forall integer j; 0 <= j < i ==> ((uint8_t *)a)[j] == ((uint8_t *)b)[j];
 */
int memcmp(const void *a, const void *b, size_t bytes);
/* @bytes a multiple of 8, @to 8-byte aligned: one instruction a word where iterations are counted. */
/*@ requires bytes % 8 == 0 && \valid((uint64_t *)to + (0 .. bytes / 8 - 1));
    assigns ((uint64_t *)to)[0 .. bytes / 8 - 1];
    ensures \forall integer i; 0 <= i < bytes / 8 ==> ((uint64_t *)to)[i] == 0;
 */
void zero_words(void *to, size_t bytes);
/*@ requires \valid((uint64_t *)page + (0 .. PAGE_BYTES / 8 - 1));
    assigns ((uint64_t *)page)[0 .. PAGE_BYTES / 8 - 1];
    ensures \forall integer i; 0 <= i < PAGE_BYTES / 8 ==> ((uint64_t *)page)[i] == 0;
 */
void zero_page(void *page);
