/* One 82093AA with 24 pins. */
#ifndef VMM_IOAPIC_H
#define VMM_IOAPIC_H

#include "common.h"

#define IOAPIC_PAGE UINT64_C(0xfec00000)
#define IOAPIC_PINS 24u

struct lapic;

struct ioapic {
    uint32_t select;
    uint32_t id;
    uint64_t entry[IOAPIC_PINS];
    uint32_t lines; /* levels, a bit for each pin */
    uint32_t edges; /* edges not yet sent because the pin is masked */
};

void ioapic_init(struct ioapic *ioapic);
/* @offset within the page. */
uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset);
void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value);
void ioapic_set_line(struct ioapic *ioapic, unsigned pin, bool level);
/* Sends what the pins ask for to @lapic. */
void ioapic_deliver(struct ioapic *ioapic, struct lapic *lapic);
/* The processor ended a level-triggered @vector. */
void ioapic_end(struct ioapic *ioapic, uint8_t vector);

#endif
