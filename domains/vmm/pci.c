/* [PCI-3.0] 3.2.2.3.2: configuration mechanism 1. The one function is the host bridge 0:0.0, which Linux
 * looks for before it believes that there is a bus at all. */
#include "pci.h"

#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_WRITABLE 0x80fffffcu
#define HOST_BRIDGE 0u

void pci_init(struct pci *pci)
{
    *pci = (struct pci){0};
}

/* [PCI-3.0] 6.1: a type 0 header without bars, named as the emulators' generic host bridge. */
static uint32_t host_bridge_word(unsigned reg)
{
    switch (reg) {
    case 0x00:
        return 0x00081b36u;
    case 0x08:
        return 0x06000000u; /* class: host bridge */
    default:
        return 0;
    }
}

uint32_t pci_read(const struct pci *pci, unsigned offset, unsigned size_bytes)
{
    uint32_t none = (uint32_t)mask_bytes(size_bytes);
    if (offset < 4) {
        return offset == 0 && size_bytes == 4 ? pci->address : none;
    }
    unsigned byte = offset - 4;
    if ((pci->address & ADDRESS_ENABLE) == 0 || (pci->address & 0x00ffff00u) != HOST_BRIDGE ||
        byte + size_bytes > 4) {
        return none;
    }
    return host_bridge_word(pci->address & 0xfcu) >> (8 * byte) & none;
}

uint8_t pci_read_byte(const struct pci *pci, unsigned offset)
{
    return (uint8_t)pci_read(pci, offset, 1);
}

void pci_write(struct pci *pci, unsigned offset, unsigned size_bytes, uint32_t value)
{
    if (offset == 0 && size_bytes == 4) {
        pci->address = value & ADDRESS_WRITABLE;
    }
}
