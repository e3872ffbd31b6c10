/* A table of ACPI's that a fuzzer writes, and damage to what leads to it. */
#ifndef ACPI_DAMAGE_H
#define ACPI_DAMAGE_H

#include <stdlib.h>

#include "tables.h"

static inline void must(bool condition)
{
    if (!condition)
        abort();
}

/* Each five bytes name a place in the lists, the root or the table of @table_bytes, and what stands there. */
static inline void damage(const uint8_t *data, size_t size, uint32_t table_bytes)
{
    static const uint32_t region[] = {RSDP, RSDT, XSDT, TABLE};

    for (; size >= 5; data += 5, size -= 5) {
        const uint32_t at = region[data[0] >> 6];

        put32(at + (data[0] & 63u),
              (uint32_t)data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16 | (uint32_t)data[4] << 24);
        if (data[0] & 1)
            continue;
        sum(RSDP, 20, RSDP + 8);
        sum(RSDP, 36, RSDP + 32);
        sum(RSDT, 44, RSDT + 9);
        sum(XSDT, 52, XSDT + 9);
        sum(TABLE, table_bytes, TABLE + 9);
    }
}

/* The first two bytes say how many bytes follow that stand in the table @signature behind its 48 first ones, and with their
 * topmost bit that the @bytes of an @honest structure stand behind those; the sum is put right, the others are damage.
 * False: there is too little of it. */
static inline bool tables_from(const uint8_t *data, size_t size, const char *signature, const uint8_t *honest,
                               uint32_t bytes)
{
    tables_fresh();
    if (size < 2)
        return false;
    size_t structures = (size_t)data[0] | (size_t)(data[1] & 7) << 8;
    structures = structures < size - 2 ? structures : size - 2;
    uint32_t end = 48 + (uint32_t)structures;
    put(TABLE + 48, data + 2, structures);
    put(TABLE + end, honest, bytes);
    end += (data[1] & 0x80) != 0 ? bytes : 0;
    table(TABLE, signature, end);
    damage(data + 2 + structures, size - 2 - structures, end);
    reason = NULL;
    return true;
}

#endif
