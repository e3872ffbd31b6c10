/* What the machine's firmware says of processors and interrupt controllers: the MADT, [ACPI-6.5] 5.2.12. */
#pragma once

#include "hw/window.h"

enum { ACPI_PROCESSORS = 64, ACPI_IOAPICS = 8, ACPI_OVERRIDES = 16 };

struct acpi_ioapic {
    hpa_t base;
    uint32_t gsi_base;
};

/* ISA interrupt @irq arrives at @gsi; by default the same number, edge, active high. */
struct acpi_override {
    uint32_t gsi;
    uint8_t irq;
    bool level, active_low;
};

struct acpi {
    hpa_t rsdp, lapic;
    uint32_t processor_count, ioapic_count, override_count;
    uint32_t apic_id[ACPI_PROCESSORS]; /* enabled processors, in the table's order */
    struct acpi_ioapic ioapic[ACPI_IOAPICS];
    struct acpi_override override[ACPI_OVERRIDES];
};

/* Fill @acpi from the tables in @memory, every byte hostile; @rsdp 0 = search where a BIOS puts it.
 * Returns NULL or the reason for refusal. */
MUST_CHECK const char *acpi_read(struct acpi *acpi, const struct window *memory, uint64_t rsdp);
