/* ACPI tables for the guest, written at LAYOUT_ACPI, where a scan of 0xe0000-0xfffff finds the RSDP too. */
#ifndef VMM_ACPI_H
#define VMM_ACPI_H

#include "memory.h"

/* With @pci there is a PCI host bridge. False: no memory. *rsdp is where it stands. */
bool acpi_write(struct memory *memory, bool pci, gpa_t *rsdp);

#endif
