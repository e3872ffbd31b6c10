/* What the machine's firmware says of interrupt controllers: the MADT, [ACPI-6.5] 5.2.12. The local APIC's place is in its MSR. */
#pragma once

#include "hw/window.h"

/* Hand each IOAPIC and override to hw/ioapic.h, from the tables in @memory, every byte hostile; @rsdp 0 = search where a BIOS puts it.
 * Panics with the reason for refusal. */
void acpi_read(const struct window *memory, uint64_t rsdp);
