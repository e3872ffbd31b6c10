#include "hw/acpi.h"
#include "base/panic.h"
#include "hw/ioapic.h"

/* [ACPI-6.5] 5.2.5.3, table 5.3 */
struct rsdp {
    uint8_t signature[8], checksum, oem[6], revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint8_t checksum_all, reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct rsdp) == 36, "[ACPI-6.5] 5.2.5.3");

/* [ACPI-6.5] 5.2.6, table 5.4 */
struct table_header {
    uint8_t signature[4];
    uint32_t length;
    uint8_t revision, checksum, oem[26];
} __attribute__((packed));
_Static_assert(sizeof(struct table_header) == 36, "[ACPI-6.5] 5.2.6");

/* An IOAPIC (base, first GSI) or an override (GSI, flags): [ACPI-6.5] 5.2.12.3, 5.2.12.5 */
struct madt_entry {
    uint8_t type, bytes, ids[2];
    uint32_t word[2];
};

enum { RSDP_OLD_BYTES = 20, TABLE_BYTES_MAX = 1 << 20, MADT_ENTRIES_AT = 44, IOAPICS_MAX = 8 };
enum { EBDA_SEGMENT_AT = 0x40e, EBDA_BYTES = 1024, BIOS_START = 0xe0000, BIOS_END = 0x100000 };
/* [ACPI-6.5] table 5.21; of an entry no more than these bytes are read */
enum { MADT_IOAPIC = 1, MADT_OVERRIDE = 2, ENTRY_HEAD_BYTES = 2, IOAPIC_BYTES = 12, OVERRIDE_BYTES = 10 };

static bool checksum_good(const struct window *memory, uint64_t at, uint64_t bytes)
{
    uint8_t sum = 0, byte = 0;
    for (uint64_t i = 0; i < bytes; i++) {
        if (!window_read(memory, at + i, &byte, 1)) return false;
        sum = (uint8_t)(sum + byte);
    }
    return sum == 0;
}

static bool rsdp_read(struct rsdp *rsdp, const struct window *memory, uint64_t at)
{
    return window_read(memory, at, rsdp, sizeof *rsdp) && memcmp(rsdp->signature, "RSD PTR ", 8) == 0 &&
        checksum_good(memory, at, RSDP_OLD_BYTES) && (rsdp->revision < 2 || checksum_good(memory, at, sizeof *rsdp));
}

/* [ACPI-6.5] 5.2.5.1 */
static bool rsdp_find(struct rsdp *rsdp, const struct window *memory)
{
    uint16_t segment = 0;
    if (!window_read(memory, EBDA_SEGMENT_AT, &segment, sizeof segment)) return false;
    const uint64_t area[][2] = {{segment * 16ull, segment * 16ull + EBDA_BYTES}, {BIOS_START, BIOS_END}};
    for (uint32_t i = 0; i < 2; i++)
        for (uint64_t at = area[i][0]; at < area[i][1]; at += 16)
            if (rsdp_read(rsdp, memory, at)) return true;
    return false;
}

static bool table_read(struct table_header *header, const struct window *memory, uint64_t at)
{
    return window_read(memory, at, header, sizeof *header) && header->length >= sizeof *header &&
        header->length <= TABLE_BYTES_MAX && checksum_good(memory, at, header->length);
}

static void madt_read(const struct window *memory, uint64_t at, uint64_t end)
{
    uint32_t ioapics = 0;
    for (struct madt_entry entry = {0}; at < end; at += entry.bytes) {
        if (end - at < ENTRY_HEAD_BYTES || !window_read(memory, at, &entry, ENTRY_HEAD_BYTES)) panic("ACPI: MADT entry is cut off");
        const uint8_t wanted = entry.type == MADT_IOAPIC ? IOAPIC_BYTES
            : entry.type == MADT_OVERRIDE                ? OVERRIDE_BYTES
                                                         : ENTRY_HEAD_BYTES;
        if (entry.bytes < wanted || entry.bytes > end - at || !window_read(memory, at, &entry, wanted))
            panic("ACPI: MADT entry has a wrong length");
        if (entry.type == MADT_IOAPIC) {
            if (++ioapics > IOAPICS_MAX) panic("ACPI: more IOAPICs than the kernel can map");
            ioapic_add((hpa_t){entry.word[0]}, entry.word[1]);
        } else if (entry.type == MADT_OVERRIDE) {
            /* MPS INTI flags, [ACPI-6.5] table 5.26: polarity 3 = active low, trigger 3 = level */
            const uint32_t level = (entry.word[1] >> 2 & 3) == 3 ? IOAPIC_LEVEL : 0;
            ioapic_override(entry.word[0], level | ((entry.word[1] & 3) == 3 ? IOAPIC_ACTIVE_LOW : 0));
        }
    }
    if (ioapics == 0) panic("ACPI: MADT names no IOAPIC");
}

/* Walk the RSDT (@width 4) or XSDT (@width 8) at @root for the MADT. */
static void root_read(const struct window *memory, uint64_t root, uint32_t width)
{
    struct table_header header, table;
    if (!table_read(&header, memory, root) || memcmp(header.signature, width == 8 ? "XSDT" : "RSDT", 4) != 0)
        panic("ACPI: root table is malformed");
    for (uint64_t at = sizeof header; at + width <= header.length; at += width) {
        uint64_t address = 0;
        if (!window_read(memory, root + at, &address, width)) panic("ACPI: root table is malformed");
        if (!window_read(memory, address, &table, sizeof table) || memcmp(table.signature, "APIC", 4) != 0) continue;
        if (!table_read(&table, memory, address)) panic("ACPI: MADT has a wrong length or checksum");
        madt_read(memory, address + MADT_ENTRIES_AT, address + table.length);
        return;
    }
    panic("ACPI: no MADT");
}

void acpi_read(const struct window *memory, uint64_t rsdp_at)
{
    struct rsdp rsdp;
    if (!rsdp_at && !rsdp_find(&rsdp, memory)) panic("ACPI: no RSDP");
    if (rsdp_at && !rsdp_read(&rsdp, memory, rsdp_at)) panic("ACPI: RSDP is malformed");
    if (rsdp.revision >= 2 && rsdp.xsdt) root_read(memory, rsdp.xsdt, 8);
    else root_read(memory, rsdp.rsdt, 4);
}
