/* The calls builder makes again and again, with its own table and refusals in words. */
#ifndef BUILDER_KERNEL_CALLS_H
#define BUILDER_KERNEL_CALLS_H

#include "plan.h"
#include "refusal.h"

/* True for OK; otherwise the error and @what go into @why. */
bool did(enum error error, struct refusal *why, const char *what);

/* Retype @count objects of the description's @size_bytes into builder's slots from @first. */
bool make_objects(uint32_t untyped_slot, uint8_t type, uint8_t flags, uint64_t size_bytes, uint32_t first,
                  uint32_t count, struct refusal *why);

/* Map @count frames of @frame_bytes, one after the other, in builder's own space. */
bool window_map(uint32_t first_slot, uint32_t count, uint64_t frame_bytes, uint64_t address, uint8_t access,
                struct refusal *why);
bool window_unmap(uint32_t first_slot, uint32_t count, struct refusal *why);

/* Remove capabilities from builder's table, whatever they are; empty slots are fine. */
void drop_slots(uint32_t first, uint32_t count);

#endif
