#include "hw/acpi.h"
#include "base/panic.h"

enum { TABLE_BYTES_MAX = 1 << 20, TABLES_MAX = 256 };
/* [ACPI-6.5] 5.2.5.1: in the first KiB of the EBDA, whose segment stands at 40Eh, or in the BIOS's last 128 KiB, 16-byte aligned. */
enum { EBDA_SEGMENT = 0x40e, EBDA_BYTES = 1024, BIOS_BASE = 0xe0000, BIOS_BYTES = 0x20000, RSDP_ALIGN = 16 };

/* [ACPI-6.5] 5.2.5.3, table 5.3; the second part from revision 2 on. */
struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt, bytes;
    uint64_t xsdt;
    uint8_t extended_checksum, reserved[3];
} __attribute__((packed));
enum { RSDP_OLD_BYTES = 20 };
_Static_assert(offsetof(struct rsdp, bytes) == RSDP_OLD_BYTES && sizeof(struct rsdp) == 36, "[ACPI-6.5] table 5.3");

/* The bytes are inside and add up to zero. */
static bool sums_up(const struct window *memory, uint64_t address, uint64_t bytes)
{
    uint8_t sum = 0;
    if (address > memory->bytes || bytes > memory->bytes - address) return false;
    for (uint64_t i = 0; i < bytes; i++) sum = (uint8_t)(sum + memory->base[address + i]);
    return sum == 0;
}

/* The first RSDP in @bytes from @base, or 0. */
static uint64_t rsdp_scan(const struct window *memory, uint64_t base, uint64_t bytes)
{
    char signature[8];
    for (uint64_t at = base; at < base + bytes; at += RSDP_ALIGN)
        if (window_read(memory, at, signature, sizeof signature) && memcmp(signature, "RSD PTR ", sizeof signature) == 0 &&
            sums_up(memory, at, RSDP_OLD_BYTES))
            return at;
    return 0;
}

static uint64_t rsdp_find(const struct window *memory, uint64_t told)
{
    uint16_t segment = 0;
    uint64_t at;
    if (told) return told;
    if (!window_read(memory, EBDA_SEGMENT, &segment, sizeof segment)) return 0;
    at = rsdp_scan(memory, (uint64_t)segment * 16, EBDA_BYTES);
    return at ? at : rsdp_scan(memory, BIOS_BASE, BIOS_BYTES);
}

/* The header at @address, whose whole table is checked. */
static struct acpi_header table_check(const struct window *memory, uint64_t address)
{
    struct acpi_header header;
    if (!window_read(memory, address, &header, sizeof header)) panic("an ACPI table is outside memory");
    if (header.bytes < sizeof header || header.bytes > TABLE_BYTES_MAX) panic("an ACPI table has an impossible length");
    if (!sums_up(memory, address, header.bytes)) panic("an ACPI table is cut off, or its checksum is wrong");
    return header;
}

uint64_t acpi_find(const struct window *memory, uint64_t rsdp, const char *signature, uint32_t *bytes)
{
    struct rsdp root;
    const uint64_t at = rsdp_find(memory, rsdp);
    if (at == 0) return 0;
    if (!window_read(memory, at, &root, sizeof root) || !sums_up(memory, at, RSDP_OLD_BYTES))
        panic("the ACPI root pointer is malformed");
    const bool extended = root.revision >= 2 && root.xsdt != 0;
    if (extended && !sums_up(memory, at, sizeof root)) panic("the ACPI root pointer is malformed");
    const uint64_t list = extended ? root.xsdt : root.rsdt, stride = extended ? 8 : 4;
    const struct acpi_header header = table_check(memory, list);
    if (memcmp(header.signature, extended ? "XSDT" : "RSDT", 4) != 0) panic("the ACPI root pointer leads to no list of tables");
    for (uint64_t i = 0; i < TABLES_MAX && sizeof header + (i + 1) * stride <= header.bytes; i++) {
        uint64_t table = 0;
        if (!window_read(memory, list + sizeof header + i * stride, &table, stride)) break;
        struct acpi_header found;
        if (!window_read(memory, table, &found, sizeof found) || memcmp(found.signature, signature, 4) != 0) continue;
        *bytes = table_check(memory, table).bytes;
        return table;
    }
    return 0;
}
