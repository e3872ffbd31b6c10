/* [PCI-3.0] 3.2.2.3.2: configuration mechanism 1; 6: configuration space; [VIRTIO-1.2] 4.1.4: virtio's capabilities. */
#include "pci.h"

#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_WRITABLE 0x80fffffcu

#define VENDOR_VIRTIO 0x1af4u
#define DEVICE_MODERN 0x1040u
#define SUBSYSTEM 0x1100u
#define COMMAND_WRITABLE 0x0407u /* I/O, memory, master, INTx disable */
#define STATUS_CAPABILITIES 0x00100000u
#define BAR_IO 1u

enum register_offset {
    REG_ID = 0x00,
    REG_COMMAND = 0x04,
    REG_CLASS = 0x08,
    REG_BAR_0 = 0x10,
    REG_BAR_1 = 0x14,
    REG_SUBSYSTEM = 0x2c,
    REG_CAPABILITIES = 0x34,
    REG_INTERRUPT = 0x3c,
    REG_MSIX = 0x40,
    REG_COMMON = 0x50,
    REG_ISR = 0x60,
    REG_DEVICE = 0x70,
    REG_NOTIFY = 0x80,
    REG_WINDOW = 0x94,
    REG_WINDOW_DATA = REG_WINDOW + 16,
};

enum { CAPABILITY_VENDOR = 0x09, CAPABILITY_MSIX = 0x11 };
/* [VIRTIO-1.2] 4.1.4 */
enum {
    STRUCTURE_COMMON = 1,
    STRUCTURE_NOTIFY = 2,
    STRUCTURE_ISR = 3,
    STRUCTURE_DEVICE = 4,
    STRUCTURE_WINDOW = 5
};

void pci_init(struct pci *pci)
{
    *pci = (struct pci){0};
}

struct pci_function *pci_add(struct pci *pci, unsigned index, uint16_t virtio_id, uint32_t class_code,
                             uint32_t queues, uint32_t config_bytes)
{
    struct pci_function *function = &pci->function[index];
    *function = (struct pci_function){
        .present = true,
        .virtio_id = virtio_id,
        .class_code = class_code,
        .io = (uint16_t)(PCI_IO_BASE + index * PCI_IO_BYTES),
        .memory = PCI_MEMORY_BASE + index * PCI_MEMORY_BYTES,
        .notify_bytes = 4 * queues,
        .config_bytes = config_bytes,
    };
    msix_init(&function->msix, queues + 1);
    return function;
}

/* 6.1: a type 0 header without bars, named as the emulators' generic host bridge. Linux looks for it before it
 * believes that there is a bus at all. */
static uint32_t host_bridge_word(unsigned reg)
{
    switch (reg) {
    case REG_ID:
        return 0x00081b36u;
    case REG_CLASS:
        return 0x06000000u; /* class: host bridge */
    default:
        return 0;
    }
}

static uint32_t capability(unsigned next, unsigned len, unsigned structure)
{
    return CAPABILITY_VENDOR | next << 8 | len << 16 | structure << 24;
}

/* The four structures in BAR 0: {what, next, where, bytes}. */
static uint32_t structure_word(const struct pci_function *f, unsigned reg)
{
    switch (reg) {
    case REG_COMMON:
        return capability(REG_ISR, 16, STRUCTURE_COMMON);
    case REG_COMMON + 8:
        return PCI_IO_COMMON;
    case REG_COMMON + 12:
        return PCI_IO_COMMON_BYTES;
    case REG_ISR:
        /* 4.1.4.6: a device without configuration has no such structure, and drivers refuse an empty one. */
        return capability(f->config_bytes != 0 ? REG_DEVICE : REG_NOTIFY, 16, STRUCTURE_ISR);
    case REG_ISR + 8:
        return PCI_IO_ISR;
    case REG_ISR + 12:
        return 1;
    case REG_DEVICE:
        return capability(REG_NOTIFY, 16, STRUCTURE_DEVICE);
    case REG_DEVICE + 8:
        return PCI_IO_CONFIG;
    case REG_DEVICE + 12:
        return f->config_bytes;
    case REG_NOTIFY:
        return capability(REG_WINDOW, 20, STRUCTURE_NOTIFY);
    case REG_NOTIFY + 8:
        return PCI_IO_NOTIFY;
    case REG_NOTIFY + 12:
        return f->notify_bytes;
    case REG_NOTIFY + 16:
        return 4; /* notify_off_multiplier */
    default:
        return 0;
    }
}

static uint32_t function_word(const struct pci_function *f, unsigned reg)
{
    switch (reg) {
    case REG_ID:
        return VENDOR_VIRTIO | (DEVICE_MODERN + f->virtio_id) << 16;
    case REG_COMMAND:
        return f->command | STATUS_CAPABILITIES;
    case REG_CLASS:
        return f->class_code << 8 | 1u; /* revision 1: not transitional */
    case REG_BAR_0:
        return f->io | BAR_IO;
    case REG_BAR_1:
        return f->memory;
    case REG_SUBSYSTEM:
        return VENDOR_VIRTIO | SUBSYSTEM << 16;
    case REG_CAPABILITIES:
        return REG_MSIX;
    case REG_INTERRUPT:
        return f->interrupt_line; /* no pin: INTx is not offered */
    case REG_MSIX:
        return CAPABILITY_MSIX | REG_COMMON << 8 | (uint32_t)msix_control(&f->msix) << 16;
    case REG_MSIX + 4:
        return 1; /* the table: BAR 1, offset 0 */
    case REG_MSIX + 8:
        return MSIX_PENDING_AT | 1;
    case REG_WINDOW:
        return capability(0, 20, STRUCTURE_WINDOW);
    case REG_WINDOW + 4:
        return f->window_bar;
    case REG_WINDOW + 8:
        return f->window_offset;
    case REG_WINDOW + 12:
        return f->window_length;
    default:
        return structure_word(f, reg);
    }
}

/* The index of the function addressed, PCI_FUNCTIONS = none or the host bridge. */
static unsigned addressed(const struct pci *pci)
{
    uint32_t where = pci->address >> 8 & 0xffffu; /* bus, device, function */
    unsigned index = (where >> 3) - 1u;
    bool there = (pci->address & ADDRESS_ENABLE) != 0 && where % 8 == 0 && index < PCI_FUNCTIONS &&
                 pci->function[index].present;
    return there ? index : PCI_FUNCTIONS;
}

static bool is_host_bridge(const struct pci *pci)
{
    return (pci->address & (ADDRESS_ENABLE | 0x00ffff00u)) == ADDRESS_ENABLE;
}

uint32_t pci_read(const struct pci *pci, unsigned offset, unsigned size_bytes, struct pci_access *access)
{
    uint32_t none = (uint32_t)mask_bytes(size_bytes), word;
    unsigned byte = offset - 4, reg = pci->address & 0xfcu, index = addressed(pci);
    *access = (struct pci_access){PCI_EFFECT_NONE, index};
    if (offset < 4) {
        return offset == 0 && size_bytes == 4 ? pci->address : none;
    }
    if (byte + size_bytes > 4) {
        return none;
    }
    if (index < PCI_FUNCTIONS) {
        word = function_word(&pci->function[index], reg);
        access->effect = reg == REG_WINDOW_DATA ? PCI_EFFECT_WINDOW : PCI_EFFECT_NONE;
    } else if (is_host_bridge(pci)) {
        word = host_bridge_word(reg);
    } else {
        return none;
    }
    return word >> (8 * byte) & none;
}

/* @word is the register's new contents, where it is writable. */
static enum pci_effect write_word(struct pci_function *f, unsigned reg, uint32_t word, struct lapic *lapic)
{
    switch (reg) {
    case REG_COMMAND:
        f->command = (uint16_t)(word & COMMAND_WRITABLE);
        return PCI_EFFECT_MOVED;
    case REG_BAR_0:
        f->io = (uint16_t)(word & ~(PCI_IO_BYTES - 1));
        return PCI_EFFECT_MOVED;
    case REG_BAR_1:
        f->memory = word & ~(PCI_MEMORY_BYTES - 1);
        return PCI_EFFECT_MOVED;
    case REG_INTERRUPT:
        f->interrupt_line = (uint8_t)word;
        return PCI_EFFECT_NONE;
    case REG_MSIX:
        return msix_set_control(&f->msix, (uint16_t)(word >> 16), lapic) ? PCI_EFFECT_MSIX : PCI_EFFECT_NONE;
    case REG_WINDOW + 4:
        f->window_bar = word & 0xffu;
        return PCI_EFFECT_NONE;
    case REG_WINDOW + 8:
        f->window_offset = word;
        return PCI_EFFECT_NONE;
    case REG_WINDOW + 12:
        f->window_length = word;
        return PCI_EFFECT_NONE;
    case REG_WINDOW_DATA:
        return PCI_EFFECT_WINDOW;
    default:
        return PCI_EFFECT_NONE;
    }
}

struct pci_access pci_write(struct pci *pci, unsigned offset, unsigned size_bytes, uint32_t value,
                            struct lapic *lapic)
{
    unsigned byte = offset - 4, reg = pci->address & 0xfcu;
    struct pci_access access = {PCI_EFFECT_NONE, addressed(pci)};
    if (offset == 0 && size_bytes == 4) {
        pci->address = value & ADDRESS_WRITABLE;
    }
    if (offset < 4 || byte + size_bytes > 4 || access.index == PCI_FUNCTIONS) {
        return access;
    }
    struct pci_function *function = &pci->function[access.index];
    uint32_t mask = (uint32_t)mask_bytes(size_bytes) << (8 * byte);
    uint32_t word = (function_word(function, reg) & ~mask) | (value << (8 * byte) & mask);
    access.effect = write_word(function, reg, word, lapic);
    return access;
}

bool pci_window(const struct pci_function *function, uint32_t *offset, unsigned *size_bytes)
{
    uint32_t size = function->window_length;
    *offset = function->window_offset;
    *size_bytes = size;
    return function->window_bar == 0 && (size == 1 || size == 2 || size == 4) && *offset % size == 0 &&
           *offset < PCI_IO_BYTES;
}

struct pci_function *pci_find_port(struct pci *pci, uint16_t port)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        struct pci_function *f = &pci->function[i];
        if (f->present && (f->command & PCI_COMMAND_IO) != 0 && (port & ~(PCI_IO_BYTES - 1)) == f->io) {
            return f;
        }
    }
    return NULL;
}

struct pci_function *pci_find_memory(struct pci *pci, uint64_t address)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        struct pci_function *f = &pci->function[i];
        if (f->present && (f->command & PCI_COMMAND_MEMORY) != 0 &&
            (address & ~(uint64_t)(PCI_MEMORY_BYTES - 1)) == f->memory) {
            return f;
        }
    }
    return NULL;
}
