/* Address spaces, host and guest format: one walker, the formats as constant data. */
#pragma once

#include "obj/cap.h"

enum { SPACES_MAX = 256, SPACE_TABLES_MAX = 4096 };
enum { SPACE_IO = 2 }; /* beside enum space_flags: an iospace's */

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
    const struct walk_format *format;
};

/* False if all SPACES_MAX are in use. */
bool space_available(void);
/* Header page @space, root and @tables pool pages follow it; all zeroed. */
void space_init(struct space *space, uint32_t tables, uint8_t flags);
void space_retire(struct cpu *cpu, struct space *space);
/* The live space that a mapping record names, or NULL. */
struct space *space_find(uint16_t index, uint32_t epoch);

/* How far the tables go towards an address: the entry of @level, and what is missing below. */
struct space_entry {
    uint64_t *entry;
    uint32_t level;
};

/* May the frame, or the vCPU's page, of @frame be mapped at @address?  Its place is for space_map, before anything else changes. */
MUST_CHECK enum error space_map_check(
    struct space *space, const struct slot *frame, uint64_t address, uint8_t access, struct space_entry *place);
void space_map(struct space *space, struct slot *frame, uint64_t address, uint8_t access, struct space_entry place);
/* Take away the mapping of a frame or vCPU page, if there is one. */
void space_unmap(struct cpu *cpu, struct slot *frame);

/* iospace.c: a device's space is one of these with more behind it. @entry was cleared; what faulted is to be told. */
void iospace_init(struct space *space, uint32_t tables);
void iospace_retire(struct cpu *cpu, struct space *space);
void iospace_unmapped(struct space *space, const uint64_t *entry);
void iospace_faults(struct cpu *cpu);
