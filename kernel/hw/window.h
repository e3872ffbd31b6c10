/* A view of physical memory for reading tables that nobody vouches for: out of bounds is refused, never a fault. */
#pragma once

#include "base/string.h"

struct window {
    const uint8_t *base; /* physical address 0 */
    uint64_t bytes;
};

/* Copy @bytes at physical @address to @out; false if they are not all inside. */
MUST_CHECK static inline bool window_read(const struct window *window, uint64_t address, void *out, uint64_t bytes)
{
    if (address > window->bytes || bytes > window->bytes - address) return false;
    memcpy(out, window->base + address, bytes);
    return true;
}
