/* The memory behind sbrk(): one range, given once, that only grows. */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include <stddef.h>
#include <stdint.h>

void heap_open(void *address, uint64_t len_bytes);

/* Moves the end by @change bytes; answers the old end, or NULL where the new one lies outside the range. */
void *heap_move(ptrdiff_t change);

#endif
