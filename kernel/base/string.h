/* What the compiler expects of a freestanding program, and zeroing. */
#ifndef BASE_STRING_H
#define BASE_STRING_H

#include "base/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
/* @bytes a multiple of 8, @to 8-byte aligned: one instruction a word where iterations are counted. */
void zero_words(void *to, size_t bytes);
void zero_page(void *page);

#endif
