/* The table IVRS: [AMD-IOMMU-3.08] 5.2. */
#include "base/panic.h"
#include "hw/acpi.h"
#include "hw/amdvi.h"

enum { BLOCKS_AT = 48, TYPE_UNIT = 0x10, ENTRY_SPECIAL = 0x48, VARIETY_IOAPIC = 1 };

struct ivhd {
    uint8_t type, flags;
    uint16_t bytes, source, capability;
    uint64_t base;
    uint16_t segment, info;
    uint32_t features;
} __attribute__((packed));
_Static_assert(sizeof(struct ivhd) == 24, "[AMD-IOMMU-3.08] 5.2.2.1");

struct special {
    uint8_t type;
    uint16_t reserved;
    uint8_t settings, handle;
    uint16_t source;
    uint8_t variety;
} __attribute__((packed));
_Static_assert(sizeof(struct special) == 8, "[AMD-IOMMU-3.08] 5.2.2.5");

/* Entries have 4, 8, 16 or 32 bytes by the upper two bits of their type. */
static void entries_read(struct amdvi *to, const struct window *memory, uint64_t at, uint64_t end, uint32_t ioapic_id)
{
    uint8_t type;
    struct special special;
    for (uint64_t bytes; at < end; at += bytes) {
        if (!window_read(memory, at, &type, sizeof type)) panic("IVRS is outside memory");
        bytes = 4ull << (type >> 6);
        if (bytes > end - at) panic("IVRS: a device entry is cut off");
        if (type != ENTRY_SPECIAL || !window_read(memory, at, &special, sizeof special)) continue;
        if (special.variety == VARIETY_IOAPIC && special.handle == ioapic_id) to->ioapic_source = special.source;
    }
}

static void unit_read(struct amdvi *to, const struct window *memory, uint64_t at, uint64_t bytes, uint32_t ioapic_id)
{
    struct ivhd ivhd;
    if (bytes < sizeof ivhd || !window_read(memory, at, &ivhd, sizeof ivhd)) panic("IVRS: a unit is cut off");
    if (ivhd.base == 0 || ivhd.base % AMDVI_BYTES != 0 || ivhd.base >> 52 != 0) panic("IVRS: a unit has no place");
    if (ivhd.segment != 0) panic("IVRS: a unit of another PCI segment");
    if (to->units == AMDVI_UNITS) panic("IVRS: more units than the kernel can drive");
    to->unit[to->units++] = (struct amdvi_unit){.base = ivhd.base, .source = ivhd.source, .capability = ivhd.capability};
    entries_read(to, memory, at + sizeof ivhd, at + bytes, ioapic_id);
}

void ivrs_read(struct amdvi *to, const struct window *memory, uint64_t rsdp, uint32_t ioapic_id)
{
    uint8_t type;
    uint16_t length;
    uint32_t bytes;
    const uint64_t table = acpi_find(memory, rsdp, "IVRS", &bytes);
    if (table == 0) panic("the machine has no AMD-Vi: ACPI lists no IVRS");
    to->units = 0;
    to->ioapic_source = 0;
    for (uint64_t at = table + BLOCKS_AT, end = table + bytes; at < end; at += length) {
        if (end - at < 4 || !window_read(memory, at, &type, 1) || !window_read(memory, at + 2, &length, 2) || length < 4 ||
            length > end - at)
            panic("IVRS: a block is cut off");
        if (type == TYPE_UNIT) unit_read(to, memory, at, length, ioapic_id);
        /* Of the others none is honoured: memory that firmware wants to reach by DMA it does not reach. */
    }
    if (to->units == 0) panic("IVRS: there is no unit");
    if (to->ioapic_source == 0 || to->ioapic_source >= AMDVI_SOURCES) panic("IVRS: no unit has the IOAPIC");
}
