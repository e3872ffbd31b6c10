/* Untyped memory: all objects are carved from it, nothing else allocates. */
#pragma once

#include "obj/captab.h"

enum { RETYPE_MAX = 64, ZERO_STEP_PAGES = 16 };

/* What one object of a type takes; bytes = 0: refused. */
struct object_size {
    uint64_t bytes, align;
};
struct object_size untyped_object_size(uint8_t type, uint64_t size);

/* Where @count objects would stand: ERR_MEMORY if they do not fit. @start is an offset into the untyped. */
MUST_CHECK enum error untyped_plan(const struct capability *untyped, struct object_size size, uint64_t count, uint64_t *start);
/* Zero up to ZERO_STEP_PAGES more of what lies before @end; true when all is zero. */
bool untyped_zero_step(struct capability *untyped, uint64_t end);
/* Make the objects; all checks are done, the memory is zero. */
void untyped_commit(struct slot *untyped, uint8_t type, uint8_t flags, uint64_t size, struct object_size each, uint64_t start,
    struct captab *table, uint64_t first, uint64_t count);
/* All that was carved is gone: use the region again. */
void untyped_reset(struct capability *untyped);
