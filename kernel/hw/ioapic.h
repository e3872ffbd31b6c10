/* The IOAPIC: global system interrupts 0 to GSI_COUNT - 1 as vectors VECTOR_GSI + gsi. */
#pragma once

#include "base/types.h"

/* Where chip sets have the first IOAPIC, whose inputs are the interrupts from 0 on: [82093AA] 3.1, [ICH9] 13.5.1. Others start beyond
 * GSI_COUNT, so that ACPI would tell nothing more of use: how an interrupt is wired says who asks for it. */
#define IOAPIC_BASE 0xfec00000u
/* [82093AA] 3.0: index and data registers; a redirection entry is two words */
enum { IOAPIC_SELECT = 0, IOAPIC_DATA = 0x10, IOAPIC_ID = 0, IOAPIC_VERSION = 1, IOAPIC_ENTRIES = 0x10, IOAPIC_BYTES = 32 };
enum { IOAPIC_LEVEL = 1, IOAPIC_ACTIVE_LOW = 2 };

/* Map it and mask every input; panics if there is none where chip sets have it. */
void ioapic_init(void);
/* Send @gsi, below GSI_COUNT, to the processor with @apic_id, masked for now; @flags as above. */
void ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id);
/* A routed @irq, or a message (hw/iommu.h): true if one of those may have been lost while it was masked. */
void ioapic_mask(uint32_t irq);
bool ioapic_unmask(uint32_t irq);
