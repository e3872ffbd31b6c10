/* Untyped memory: all objects are carved from it, nothing else allocates. */
#pragma once

#include "obj/captab.h"

enum { ZERO_STEP_PAGES = 16 };

/* What one object of a type takes, for frames, untypeds, tables and spaces of @size; 0: refused. */
uint64_t untyped_object_bytes(uint8_t type, uint64_t size);
/* Where @count objects of @each bytes would stand: ERR_MEMORY if they do not fit. @start is an offset into the untyped. */
MUST_CHECK enum error untyped_plan(const struct capability *untyped, uint8_t type, uint64_t each, uint64_t count, uint64_t *start);
/* Zero up to ZERO_STEP_PAGES more of what lies before @end; true when all is zero. */
bool untyped_zero_step(struct capability *untyped, uint64_t end);
/* Make the objects; all checks are done, the memory is zero. */
void untyped_commit(struct slot *untyped, uint8_t type, uint8_t flags, uint64_t size, uint64_t start, struct captab *table,
    uint64_t first, uint64_t count);
