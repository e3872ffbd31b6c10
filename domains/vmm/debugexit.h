/* The optional port by which a guest ends itself with a number, as QEMU's isa-debug-exit. */
#ifndef VMM_DEBUGEXIT_H
#define VMM_DEBUGEXIT_H

#include "common.h"

struct debugexit {
    uint16_t port; /* 0 = not described, not there */
    bool written;
    uint32_t value;
};

static inline void debugexit_write(struct debugexit *device, uint32_t value)
{
    device->written = true;
    device->value = value;
}

#endif
