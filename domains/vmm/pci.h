/* PCI configuration mechanism 1 in front of an empty bus. */
#ifndef VMM_PCI_H
#define VMM_PCI_H

#include "common.h"

#define PCI_PORT_ADDRESS 0xcf8u
#define PCI_PORT_DATA 0xcfcu

struct pci {
    uint32_t address;
};

void pci_init(struct pci *pci);
/* @offset 0..7 from PCI_PORT_ADDRESS. The address register answers 32-bit accesses only. */
uint32_t pci_read(const struct pci *pci, unsigned offset, unsigned size_bytes);
uint8_t pci_read_byte(const struct pci *pci, unsigned offset);
void pci_write(struct pci *pci, unsigned offset, unsigned size_bytes, uint32_t value);

#endif
