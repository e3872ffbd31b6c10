#include "obj/walker.h"

#define ADDRESS_END (1ull << 52)

uint64_t walk_span(uint32_t level)
{
    switch (level) {
    case 0: return 0x1000u;
    case 1: return 0x200000u;
    case 2: return 0x40000000u;
    default: return 0x8000000000u;
    }
}

uint64_t walk_index(uint64_t address, uint32_t level) { return address / walk_span(level) % WALK_ENTRIES; }

uint32_t walk_leaf_level(uint64_t bytes)
{
    if (bytes == 0x1000u) return 0;
    if (bytes == 0x200000u) return 1;
    if (bytes == 0x40000000u) return 2;
    return WALK_LEVELS;
}

enum walk_entry walk_classify(const struct walk_format *format, uint64_t entry, uint32_t level)
{
    if ((entry & format->present) == 0) return WALK_EMPTY;
    if (level == 0 || (entry & format->large) != 0) return WALK_LEAF;
    return WALK_TABLE;
}

uint64_t walk_target(uint64_t entry)
{
    return entry % ADDRESS_END / PAGE_BYTES * PAGE_BYTES; /* one AND; WP proves this and not the mask */
}

uint64_t walk_table_entry(const struct walk_format *format, uint64_t address) { return address | format->table; }

uint64_t walk_leaf_entry(const struct walk_format *format, uint64_t address, uint32_t level, uint32_t access)
{
    uint64_t entry = address | format->leaf;

    entry |= (access & MAP_WRITE) != 0 ? format->write : 0;
    entry |= (access & MAP_EXEC) != 0 ? format->exec : format->no_exec;
    entry |= (access & MAP_UNCACHED) != 0 ? format->uncached : format->cached;
    entry |= level != 0 ? format->large : 0;
    return entry;
}

enum walk_entry walk_step(
    const struct walk_format *format, const uint64_t table[WALK_ENTRIES], uint64_t address, uint32_t level, uint64_t *entry)
{
    *entry = table[walk_index(address, level)];
    return walk_classify(format, *entry, level);
}
