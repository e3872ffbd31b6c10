/* ACPI tables with damage: the first two bytes say how many bytes of a DMAR follow, whose sum is put right; after them each five bytes name a
 * place in the lists, the root or the table and what stands there. Whatever is accepted is a list of units that exist. */
#include "hw/vtd.h"
#include "tables.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void damage(const uint8_t *data, size_t size)
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
        sum(TABLE, dmar_bytes, TABLE + 9);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vtd read;
    size_t structures;

    tables_fresh();
    if (size < 2)
        return 0;
    structures = (size_t)data[0] | (size_t)(data[1] & 7) << 8;
    structures = structures < size - 2 ? structures : size - 2;
    put(TABLE + 48, data + 2, structures);
    dmar_bytes = 48 + (uint32_t)structures;
    table(TABLE, "DMAR", dmar_bytes);
    damage(data + 2 + structures, size - 2 - structures);
    reason = NULL;
    if (setjmp(refused) == 0)
        dmar_read(&read, &window, 0, 2);
    if (reason)
        return 0;
    must(read.units >= 1 && read.units <= VTD_UNITS && read.ioapic_source != 0);
    for (uint32_t i = 0; i < read.units; i++)
        must(read.unit[i].base != 0 && read.unit[i].base % 4096 == 0);
    return 0;
}
