/* MSI-X of one function: [PCI-3.0] 6.8.2. The table and the pending bits stand in a page of their own; messages go
 * to the guest's one local APIC. */
#ifndef VMM_MSIX_H
#define VMM_MSIX_H

#include "lapic.h"

#define MSIX_VECTORS 4u
#define MSIX_PENDING_AT 0x800u /* in the page; the table stands at 0 */

struct msix_entry {
    uint32_t address, address_high, data, control;
};

struct msix {
    uint32_t count; /* vectors, 1..MSIX_VECTORS */
    uint32_t pending;
    bool enabled, masked; /* message control */
    struct msix_entry entry[MSIX_VECTORS];
};

void msix_init(struct msix *msix, uint32_t count);

/* The page, by 32-bit words; @offset below 4096. */
uint32_t msix_read(const struct msix *msix, uint32_t offset);
/* Answers whether a message went out. */
bool msix_write(struct msix *msix, uint32_t offset, uint32_t value, struct lapic *lapic);

/* Message control, the upper half of the capability's first word. */
uint16_t msix_control(const struct msix *msix);
bool msix_set_control(struct msix *msix, uint16_t value, struct lapic *lapic);

/* Sends @vector's message, or keeps it while it is masked; answers whether one went out. Other vectors: nothing. */
bool msix_raise(struct msix *msix, uint32_t vector, struct lapic *lapic);

#endif
