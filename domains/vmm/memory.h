/* The guest's physical memory as the VMM sees it: one linear view, filled in 2 MiB pieces when first touched.
 * RAM lies at 0 .. low end (at most 3 GiB) and, beyond that, from 4 GiB up. */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include "common.h"

#define PIECE_BYTES UINT64_C(0x200000)
#define MEMORY_LOW_MAX UINT64_C(0xc0000000)
#define MEMORY_HIGH_BASE UINT64_C(0x100000000)
#define MEMORY_PIECES_MAX 32768u /* 64 GiB */

struct memory {
    uint8_t *view;
    uint64_t low_bytes;
    uint64_t high_bytes;
    uint32_t backed_pieces;
    uint8_t backed[MEMORY_PIECES_MAX / 8];
};

/* What stands behind the view; link-time seam (backing.c in the domain, a fake in tests). Makes piece @index
 * usable in the view and in the guest; called once for each piece. */
bool memory_back(struct memory *memory, uint32_t index);

/* @bytes is a multiple of PIECE_BYTES, at most 64 GiB. */
void memory_init(struct memory *memory, void *view, uint64_t bytes);

/* The bytes at @address, @len > 0, or NULL where not all of them are RAM of one range. The guest may change
 * them at any moment: copy once, then check the copy. */
void *memory_at(struct memory *memory, gpa_t address, uint64_t len);

/* The same, for those who do nothing else: nearly always below 4 GiB, inside one piece that is there already. */
static inline void *memory_near(struct memory *memory, uint64_t address, uint64_t len)
{
    uint64_t index = address / PIECE_BYTES;
    if (address < memory->low_bytes && len - 1 < PIECE_BYTES - address % PIECE_BYTES &&
        (memory->backed[index / 8] >> index % 8 & 1u) != 0) {
        return memory->view + address;
    }
    return memory_at(memory, gpa(address), len);
}

bool memory_is_ram(const struct memory *memory, gpa_t address);
/* Is the piece of this RAM address backed already? */
bool memory_is_backed(const struct memory *memory, gpa_t address);

bool memory_read(struct memory *memory, gpa_t address, void *out, uint64_t len);
bool memory_write(struct memory *memory, gpa_t address, const void *data, uint64_t len);

#endif
