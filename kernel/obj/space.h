/* Address spaces, host and guest format: one walker, the formats as constant data. */
#pragma once

#include "obj/cap.h"

enum { SPACES_MAX = 256, SPACE_TABLES_MAX = 4096 };

struct space {
    uint64_t *root; /* 512 entries; its own page */
    hpa_t root_pa;
    uint32_t tables, used; /* pool of further tables behind the root */
    uint32_t epoch;        /* with index: names this space for ever */
    uint16_t index;
    uint8_t flags;        /* enum space_flags */
    uint64_t generation;  /* raised when a mapping is taken away */
    uint64_t *leaf_table; /* where the last 4 KiB mapping stands: tables stay until the space goes */
    uint64_t leaf_region; /* which 2 MiB it maps */
};

/* False if all SPACES_MAX are in use. */
bool space_available(void);
/* Header page @space, root and @tables pool pages follow it; all zeroed. */
void space_init(struct space *space, uint32_t tables, uint8_t flags);
void space_retire(struct cpu *cpu, struct space *space);
/* The live space that a mapping record names, or NULL. */
struct space *space_find(uint16_t index, uint32_t epoch);

/* Check that [@address, +@bytes) may be mapped; bytes is a page size and the address aligned to it. */
MUST_CHECK enum error space_check(
    const struct space *space, uint64_t address, uint64_t bytes, uint8_t access, uint64_t **entry_out);
/* Map and unmap one frame or vCPU page; the record stands in @slot. */
MUST_CHECK enum error space_map_check(struct space *space, const struct slot *frame, uint64_t address, uint8_t access);
void space_map(struct space *space, struct slot *frame, uint64_t address, uint8_t access);
void space_unmap(struct cpu *cpu, struct slot *frame);
