/* Page tables: one walker, the formats as constant data. Pure arithmetic and one table at a time. */
#ifndef OBJ_WALKER_H
#define OBJ_WALKER_H

#include "base/types.h"

enum { WALK_LEVELS = 4, WALK_ENTRIES = 512 };

/* Bits of an entry in one format: x86-64 ([APM2] 5.3; also nested, 15.25.5) or EPT ([SDM-2023-09] Vol 3C 29.3.2). */
struct walk_format {
    uint64_t present;   /* any of these: the entry is in use */
    uint64_t table;     /* bits of an entry that names a table */
    uint64_t leaf;      /* bits of every leaf */
    uint64_t write, exec, no_exec, large, cached, uncached;
};

enum walk_entry { WALK_EMPTY, WALK_TABLE, WALK_LEAF };

/* Levels count from 0 (4 KiB leaves) to 3 (the root). */

/* Index into the table of @level that translates @address. Returns less than WALK_ENTRIES. */
uint64_t walk_index(uint64_t address, uint32_t level);
/* Bytes that an entry of @level covers; @level at most 3. */
uint64_t walk_span(uint32_t level);
/* The level whose leaves are @bytes large, or WALK_LEVELS if none is. */
uint32_t walk_leaf_level(uint64_t bytes);
/* What @entry at @level is. */
enum walk_entry walk_classify(const struct walk_format *format, uint64_t entry, uint32_t level);
/* The address that @entry names. */
uint64_t walk_target(uint64_t entry);
uint64_t walk_table_entry(const struct walk_format *format, uint64_t address);
/* A leaf of @level for @address with @access (enum map_flags). */
uint64_t walk_leaf_entry(const struct walk_format *format, uint64_t address, uint32_t level, uint32_t access);
/* Look at one @table: the entry for @address at @level and what it is. */
enum walk_entry walk_step(const struct walk_format *format, const uint64_t table[WALK_ENTRIES], uint64_t address, uint32_t level, uint64_t *entry);

#endif
