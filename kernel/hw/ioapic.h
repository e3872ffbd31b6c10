/* IOAPICs: global system interrupts 0 to GSI_COUNT - 1 as vectors VECTOR_GSI + gsi. */
#pragma once

#include "base/types.h"

enum { IOAPIC_LEVEL = 1, IOAPIC_ACTIVE_LOW = 2 };

/* Map the IOAPIC at @base, whose inputs are the interrupts from @gsi_base on, and mask every input; at boot only. */
void ioapic_add(hpa_t base, uint32_t gsi_base);
/* The firmware's word on how @gsi is wired: @flags as above; at boot only. */
void ioapic_override(uint32_t gsi, uint32_t flags);
/* Send @gsi to the processor with @apic_id, masked for now; @flags as above, joined with the firmware's override.
 * False if no IOAPIC has that input. */
MUST_CHECK bool ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id);
/* A routed @gsi. */
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);
