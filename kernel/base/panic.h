/* The end of the kernel: only for what the programmer guarantees, never for what a caller controls. */
#pragma once

#include "base/types.h"

/* Print @reason, dump the event ring, stop every processor. */
NORETURN void panic(const char *reason);

#define ASSERT(condition)                                            \
    do {                                                             \
        if (UNLIKELY(!(condition))) panic("assertion: " #condition); \
    } while (0)
