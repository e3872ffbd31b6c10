/* What stands behind the VMM's two link-time seams in a test. */
#ifndef VMM_FAKES_H
#define VMM_FAKES_H

#include "cpuid.h"
#include "memory.h"
#include "virtio_entropy.h"

/* A guest of @bytes whose view is freshly zeroed; at most @pieces_most pieces can be backed. */
void fake_memory(struct memory *memory, uint64_t bytes, uint32_t pieces_most);
/* For a memory that is already there. */
void fake_pieces(uint32_t pieces_most);
void fake_memory_free(struct memory *memory);

/* Every leaf of the fake processor answers all ones in all registers, except that the extents are as set. */
extern uint32_t fake_basic_most, fake_extended_most;

/* RDRAND: a counter by this step, scrambled, so often; 0 = the same value for ever, or none. */
extern uint64_t fake_random_step;
extern uint32_t fake_random_left;

#endif
