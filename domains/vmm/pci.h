/* PCI configuration mechanism 1 in front of bus 0: a host bridge and the functions of the description. */
#ifndef VMM_PCI_H
#define VMM_PCI_H

#include "msix.h"

#define PCI_PORT_ADDRESS 0xcf8u
#define PCI_PORT_DATA 0xcfcu

/* Functions stand at 00:01.0 and on, one of each kind; the windows below are in the DSDT too. */
#define PCI_FUNCTIONS 4u
#define PCI_IO_BASE 0xc000u
#define PCI_IO_BYTES 0x100u
#define PCI_MEMORY_BASE UINT32_C(0xe0000000)
#define PCI_MEMORY_BYTES UINT32_C(0x1000)

/* [PCI-3.0] 6.2.2 */
#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u

/* One virtio function: [VIRTIO-1.2] 4.1. BAR 0 (I/O) holds all virtio structures, BAR 1 (memory) MSI-X. */
struct pci_function {
    bool present;
    uint16_t virtio_id; /* [VIRTIO-1.2] 5: the device's kind */
    uint32_t class_code;
    uint16_t command;
    uint16_t io;     /* BAR 0 */
    uint32_t memory; /* BAR 1 */
    uint8_t interrupt_line;
    uint32_t window_bar, window_offset, window_length; /* [VIRTIO-1.2] 4.1.4.9 */
    uint32_t notify_bytes, config_bytes;
    struct msix msix;
};

/* Where the structures stand in BAR 0. */
enum pci_io_offset {
    PCI_IO_COMMON = 0x00,
    PCI_IO_COMMON_BYTES = 0x3c,
    PCI_IO_ISR = 0x3c,
    PCI_IO_NOTIFY = 0x40, /* four bytes for each queue */
    PCI_IO_CONFIG = 0x80,
};

struct pci {
    uint32_t address;
    struct pci_function function[PCI_FUNCTIONS];
};

void pci_init(struct pci *pci);
/* Function @index appears; @queues notification ports, @config_bytes of device configuration. */
struct pci_function *pci_add(struct pci *pci, unsigned index, uint16_t virtio_id, uint32_t class_code,
                             uint32_t queues, uint32_t config_bytes);

/* What a configuration access means outside. */
enum pci_effect {
    PCI_EFFECT_NONE,
    PCI_EFFECT_MOVED,  /* a BAR or its decoding changed */
    PCI_EFFECT_MSIX,   /* message control: an interrupt may have gone out */
    PCI_EFFECT_WINDOW, /* the word is the window into BAR 0: pci_window() */
};

struct pci_access {
    enum pci_effect effect;
    unsigned index; /* the function */
};

/* @offset 0..7 from PCI_PORT_ADDRESS. The address register answers 32-bit accesses only. A read of the window
 * answers 0 and PCI_EFFECT_WINDOW: the caller fetches the value. */
uint32_t pci_read(const struct pci *pci, unsigned offset, unsigned size_bytes, struct pci_access *access);
struct pci_access pci_write(struct pci *pci, unsigned offset, unsigned size_bytes, uint32_t value,
                            struct lapic *lapic);
/* Offset in BAR 0 and size that the window names; false: it names nothing. */
bool pci_window(const struct pci_function *function, uint32_t *offset, unsigned *size_bytes);

/* The function whose BAR 0 (BAR 1) answers at @port (@address), or NULL. */
struct pci_function *pci_find_port(struct pci *pci, uint16_t port);
struct pci_function *pci_find_memory(struct pci *pci, uint64_t address);

#endif
