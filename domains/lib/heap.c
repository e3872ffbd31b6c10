#include "heap.h"

/* newlib's sbrk() has no argument that could carry this, so it is the one heap of the domain. Threads that
 * allocate must be one: newlib's malloc is not locked here. */
static struct {
    char *base;
    uint64_t len_bytes;
    uint64_t used;
} heap;

void heap_open(void *address, uint64_t len_bytes)
{
    if (heap.base == NULL) {
        heap.base = address;
        heap.len_bytes = len_bytes;
    }
}

void *heap_move(ptrdiff_t change)
{
    uint64_t used = heap.used + (uint64_t)change;
    /* A step back below the start wraps to a huge value and is refused by the same comparison; a step
     * forward is bounded by PTRDIFF_MAX, so it cannot wrap past it. */
    if (heap.base == NULL || used > heap.len_bytes) {
        return NULL;
    }
    char *old_end = heap.base + heap.used;
    heap.used = used;
    return old_end;
}
