#include "hw/acpi.h"

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

enum { RSDP_OLD_BYTES = 20, TABLE_BYTES_MAX = 1 << 20, MADT_FIXED_BYTES = 8 };
enum { EBDA_SEGMENT_AT = 0x40e, EBDA_BYTES = 1024, BIOS_START = 0xe0000, BIOS_END = 0x100000 };
/* [ACPI-6.5] table 5.21 */
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_ADDRESS = 5, MADT_X2APIC = 9 };

static bool checksum_good(const struct window *memory, uint64_t at, uint64_t bytes)
{
    uint8_t sum = 0, byte = 0;
    for (uint64_t i = 0; i < bytes; i++) {
        if (!window_read(memory, at + i, &byte, 1)) return false;
        sum = (uint8_t)(sum + byte);
    }
    return sum == 0;
}

static uint64_t rsdp_scan(const struct window *memory, uint64_t start, uint64_t end)
{
    uint8_t signature[8];
    for (uint64_t at = start; at < end; at += 16)
        if (window_read(memory, at, signature, sizeof signature) && memcmp(signature, "RSD PTR ", 8) == 0 &&
            checksum_good(memory, at, RSDP_OLD_BYTES))
            return at;
    return 0;
}

/* [ACPI-6.5] 5.2.5.1 */
static uint64_t rsdp_find(const struct window *memory)
{
    uint16_t segment = 0;
    uint64_t found = 0;
    if (window_read(memory, EBDA_SEGMENT_AT, &segment, sizeof segment) && segment != 0)
        found = rsdp_scan(memory, segment * 16ull, segment * 16ull + EBDA_BYTES);
    return found ? found : rsdp_scan(memory, BIOS_START, BIOS_END);
}

static bool table_read(struct table_header *header, const struct window *memory, uint64_t at)
{
    return window_read(memory, at, header, sizeof *header) && header->length >= sizeof *header &&
        header->length <= TABLE_BYTES_MAX && checksum_good(memory, at, header->length);
}

/* One entry, copied; its length has been checked. False if there is no place for it. */
static bool madt_read_entry(struct acpi *acpi, const uint8_t entry[16])
{
    uint32_t word[4];
    memcpy(word, entry, sizeof word);
    if ((entry[0] == MADT_LAPIC && (word[1] & 1)) || (entry[0] == MADT_X2APIC && (word[2] & 1))) {
        if (acpi->processor_count == ACPI_PROCESSORS) return false;
        acpi->apic_id[acpi->processor_count++] = entry[0] == MADT_LAPIC ? entry[3] : word[1];
    } else if (entry[0] == MADT_IOAPIC) {
        if (acpi->ioapic_count == ACPI_IOAPICS) return false;
        acpi->ioapic[acpi->ioapic_count++] = (struct acpi_ioapic){{word[1]}, word[2]};
    } else if (entry[0] == MADT_OVERRIDE) {
        if (acpi->override_count == ACPI_OVERRIDES) return false;
        /* MPS INTI flags, [ACPI-6.5] table 5.26: polarity 3 = active low, trigger 3 = level */
        acpi->override[acpi->override_count++] =
            (struct acpi_override){word[1], entry[3], (entry[8] >> 2 & 3) == 3, (entry[8] & 3) == 3};
    } else if (entry[0] == MADT_LAPIC_ADDRESS) {
        acpi->lapic.value = word[1] | (uint64_t)word[2] << 32;
    }
    return true;
}

/* Bytes that are read of an entry, by the types above: [ACPI-6.5] 5.2.12.2 to 5.2.12.12. */
static const uint8_t madt_entry_bytes[256] = {8, 12, 10, 0, 0, 12, 0, 0, 0, 16};

static const char *madt_read(struct acpi *acpi, const struct window *memory, uint64_t table, uint32_t length)
{
    uint32_t lapic;
    uint64_t at = table + sizeof(struct table_header) + MADT_FIXED_BYTES;
    const uint64_t end = table + length;
    if (at > end || !window_read(memory, at - MADT_FIXED_BYTES, &lapic, sizeof lapic)) return "ACPI: MADT is too short";
    acpi->lapic.value = lapic;
    while (at < end) {
        uint8_t entry[16] = {0};
        if (end - at < 2 || !window_read(memory, at, entry, 2)) return "ACPI: MADT entry is cut off";
        const uint32_t bytes = entry[1], wanted = madt_entry_bytes[entry[0]];
        if (bytes < 2 || bytes < wanted || bytes > end - at || !window_read(memory, at, entry, wanted))
            return "ACPI: MADT entry has a wrong length";
        if (!madt_read_entry(acpi, entry)) return "ACPI: more processors or interrupt controllers than the kernel can count";
        at += bytes;
    }
    if (acpi->processor_count == 0 || acpi->ioapic_count == 0 || acpi->lapic.value % PAGE_BYTES != 0)
        return "ACPI: MADT names no processor, no IOAPIC or a misaligned local APIC";
    return NULL;
}

/* Walk the RSDT (@width 4) or XSDT (@width 8) at @root for the MADT. */
static const char *root_read(struct acpi *acpi, const struct window *memory, uint64_t root, uint32_t width)
{
    struct table_header header, table;
    if (!table_read(&header, memory, root) || memcmp(header.signature, width == 8 ? "XSDT" : "RSDT", 4) != 0)
        return "ACPI: root table is malformed";
    for (uint64_t at = sizeof header; at + width <= header.length; at += width) {
        uint64_t address = 0;
        if (!window_read(memory, root + at, &address, width)) return "ACPI: root table is malformed";
        if (!window_read(memory, address, &table, sizeof table) || memcmp(table.signature, "APIC", 4) != 0) continue;
        if (!table_read(&table, memory, address)) return "ACPI: MADT has a wrong length or checksum";
        return madt_read(acpi, memory, address, table.length);
    }
    return "ACPI: no MADT";
}

const char *acpi_read(struct acpi *acpi, const struct window *memory, uint64_t rsdp_at)
{
    struct rsdp rsdp = {0};
    *acpi = (struct acpi){0};
    const uint64_t at = rsdp_at ? rsdp_at : rsdp_find(memory);
    if (at == 0) return "ACPI: no RSDP";
    if (!window_read(memory, at, &rsdp, RSDP_OLD_BYTES) || memcmp(rsdp.signature, "RSD PTR ", 8) != 0 ||
        !checksum_good(memory, at, RSDP_OLD_BYTES))
        return "ACPI: RSDP is malformed";
    acpi->rsdp.value = at;
    const bool new = rsdp.revision >= 2;
    if (new && (!window_read(memory, at, &rsdp, sizeof rsdp) || !checksum_good(memory, at, sizeof rsdp)))
        return "ACPI: RSDP is malformed";
    return new &&rsdp.xsdt ? root_read(acpi, memory, rsdp.xsdt, 8) : root_read(acpi, memory, rsdp.rsdt, 4);
}
