/* Page tables: one walker, the formats as constant data. Pure arithmetic and one table at a time. */
#pragma once

#include "base/types.h"
#include "bulkhead/abi.h"

enum { WALK_LEVELS = 4, WALK_ENTRIES = 512 };

/* Bits of an entry in one format: x86-64 ([APM2] 5.3; also nested, 15.25.5) EPT ([SDM-2023-09] Vol 3C 29.3.2)
 * or an IOMMU's. @direct, no bit: 1 where nothing translates, so that what is mapped keeps its own address. */
struct walk_format {
    uint64_t present; /* any of these: the entry is in use */
    uint64_t table;   /* bits of an entry that names a table */
    uint64_t leaf;    /* bits of every leaf */
    uint64_t write, exec, no_exec, large, cached, uncached, direct;
};

enum walk_entry { WALK_EMPTY, WALK_TABLE, WALK_LEAF };

/* Levels count from 0 (4 KiB leaves) to 3 (the root). */

/*@ logic integer span_of(integer level) =
        level == 0 ? 0x1000 : level == 1 ? 0x200000 : level == 2 ? 0x40000000 : 0x8000000000;
    logic integer index_of(integer address, integer level) = (address / span_of(level)) % 512;
    logic integer class_of{L}(struct walk_format *format, uint64_t entry, integer level) =
        (entry & format->present) == 0 ? WALK_EMPTY :
        level == 0 || (entry & format->large) != 0 ? WALK_LEAF : WALK_TABLE;
 */

/* Bytes that an entry of @level covers; @level at most 3. */
/*@ assigns \nothing;
    ensures \result == span_of(level);
 */
static inline uint64_t walk_span(uint32_t level)
{
    return level == 0 ? 0x1000u : level == 1 ? 0x200000u : level == 2 ? 0x40000000u : 0x8000000000u;
}
/* Index into the table of @level that translates @address. Returns less than WALK_ENTRIES. */
/*@ assigns \nothing;
    ensures \result == index_of(address, level);
    ensures \result < WALK_ENTRIES;
 */
static inline uint64_t walk_index(uint64_t address, uint32_t level) { return address / walk_span(level) % WALK_ENTRIES; }
/* The level whose leaves are @bytes large, or WALK_LEVELS if none is. */
/*@ assigns \nothing;
    ensures \result < WALK_LEVELS - 1 || \result == WALK_LEVELS;
    ensures \forall integer level; 0 <= level < WALK_LEVELS - 1 ==> (\result == level <==> bytes == span_of(level));
 */
static inline uint32_t walk_leaf_level(uint64_t bytes)
{
    if (bytes == 0x1000u) return 0;
    if (bytes == 0x200000u) return 1;
    if (bytes == 0x40000000u) return 2;
    return WALK_LEVELS;
}
/* What @entry at @level is. */
/*@ requires \valid_read(format);
    assigns \nothing;
    ensures \result == class_of(format, entry, level);
 */
static inline enum walk_entry walk_classify(const struct walk_format *format, uint64_t entry, uint32_t level)
{
    if ((entry & format->present) == 0) return WALK_EMPTY;
    if (level == 0 || (entry & format->large) != 0) return WALK_LEAF;
    return WALK_TABLE;
}
/* The address that @entry names. */
/*@ assigns \nothing;
    ensures \result == entry % 0x10000000000000 - entry % PAGE_BYTES;
    ensures \result % PAGE_BYTES == 0;
 */
static inline uint64_t walk_target(uint64_t entry)
{
    return entry % (1ull << 52) / PAGE_BYTES * PAGE_BYTES; /* one AND; WP proves this and not the mask */
}
/*@ requires \valid_read(format);
    assigns \nothing;
    ensures \result == (address | format->table);
 */
static inline uint64_t walk_table_entry(const struct walk_format *format, uint64_t address) { return address | format->table; }
/* A leaf of @level for @address with @access (enum map_flags). */
/*@ requires \valid_read(format);
    assigns \nothing;
    ensures \forall uint64_t write, exec, cached, large;
        ((access & MAP_WRITE) != 0 ? write == format->write : write == 0) &&
        ((access & MAP_EXEC) != 0 ? exec == format->exec : exec == format->no_exec) &&
        ((access & MAP_UNCACHED) != 0 ? cached == format->uncached : cached == format->cached) &&
        (level != 0 ? large == format->large : large == 0)
        ==> \result == (address | format->leaf | write | exec | cached | large);
 */
static inline uint64_t walk_leaf_entry(const struct walk_format *format, uint64_t address, uint32_t level, uint32_t access)
{
    uint64_t entry = address | format->leaf;

    entry |= (access & MAP_WRITE) != 0 ? format->write : 0;
    entry |= (access & MAP_EXEC) != 0 ? format->exec : format->no_exec;
    entry |= (access & MAP_UNCACHED) != 0 ? format->uncached : format->cached;
    entry |= level != 0 ? format->large : 0;
    return entry;
}
/* Look at one @table: the place of the entry for @address at @level, and what stands there. */
/*@ requires \valid_read(format) && \valid_read(table + (0 .. WALK_ENTRIES - 1)) && \valid(entry);
    requires \separated(entry, format) && \separated(entry, table + (0 .. WALK_ENTRIES - 1));
    assigns *entry;
    ensures *entry == &table[index_of(address, level)];
    ensures \result == class_of(format, **entry, level);
 */
static inline enum walk_entry walk_step(
    const struct walk_format *format, uint64_t table[WALK_ENTRIES], uint64_t address, uint32_t level, uint64_t **entry)
{
    *entry = &table[walk_index(address, level)];
    return walk_classify(format, **entry, level);
}
