/* ACPI's tables: found, bounded and summed, never interpreted. Only images with an IOMMU read any. */
#pragma once

#include "hw/window.h"

/* What every table begins with: [ACPI-6.5] 5.2.6, table 5.4. */
struct acpi_header {
    char signature[4];
    uint32_t bytes; /* of the whole table */
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_header) == 36, "[ACPI-6.5] table 5.4");

/* The table with @signature in @memory, which is hostile: its address and, in *@bytes, its length, at least a header's; all of it is inside.
 * @rsdp as the loader told, 0 = look where a BIOS has it. 0 if there is no such table; panics with the reason where the tables are malformed. */
uint64_t acpi_find(const struct window *memory, uint64_t rsdp, const char *signature, uint32_t *bytes);
