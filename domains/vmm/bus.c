#include "bus.h"

/* [PCI-3.0] appendix D */
#define CLASS_STORAGE 0x010000u
#define CLASS_NETWORK 0x020000u
#define CLASS_COMMUNICATION 0x078000u
#define CLASS_OTHER 0xff0000u

void bus_init(struct bus *bus, struct memory *memory, struct lapic *lapic, struct port_map map)
{
    *bus = (struct bus){.memory = memory, .lapic = lapic, .map = map};
    pci_init(&bus->pci);
}

void bus_attach_block(struct bus *bus)
{
    struct pci_function *function =
        pci_add(&bus->pci, VIRTIO_BLOCK, VIRTIO_ID_BLOCK, CLASS_STORAGE, 1, BLOCK_CONFIG_BYTES);
    virtio_block_attach(&bus->block, function, bus->memory, bus->lapic);
    bus->device[VIRTIO_BLOCK] = &bus->block.virtio;
}

void bus_attach_net(struct bus *bus)
{
    struct pci_function *function =
        pci_add(&bus->pci, VIRTIO_NETWORK, VIRTIO_ID_NETWORK, CLASS_NETWORK, 2, NET_CONFIG_BYTES);
    virtio_net_attach(&bus->net, function, bus->memory, bus->lapic);
    bus->device[VIRTIO_NETWORK] = &bus->net.virtio;
}

void bus_attach_console(struct bus *bus)
{
    struct pci_function *function =
        pci_add(&bus->pci, VIRTIO_CONSOLE, VIRTIO_ID_CONSOLE, CLASS_COMMUNICATION, 2, 0);
    virtio_console_attach(&bus->console, function, bus->memory, bus->lapic);
    bus->device[VIRTIO_CONSOLE] = &bus->console.virtio;
}

void bus_attach_entropy(struct bus *bus)
{
    struct pci_function *function = pci_add(&bus->pci, VIRTIO_ENTROPY, VIRTIO_ID_ENTROPY, CLASS_OTHER, 1, 0);
    virtio_entropy_attach(&bus->entropy, function, bus->memory, bus->lapic);
    bus->device[VIRTIO_ENTROPY] = &bus->entropy.virtio;
}

bool bus_populated(const struct bus *bus)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->device[i] != NULL) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ what an access sets off */

static void work(struct bus *bus, unsigned index)
{
    switch ((enum virtio_index)index) {
    case VIRTIO_BLOCK:
        virtio_block_work(&bus->block);
        return;
    case VIRTIO_NETWORK:
        if (virtio_net_work(&bus->net)) {
            bus->attention = true;
        }
        return;
    case VIRTIO_ENTROPY:
        virtio_entropy_work(&bus->entropy);
        return;
    case VIRTIO_CONSOLE: /* console.c moves its bytes before the guest goes on */
        bus->attention = true;
        return;
    }
}

static void reset(struct bus *bus, unsigned index)
{
    switch ((enum virtio_index)index) {
    case VIRTIO_BLOCK:
        virtio_block_reset(&bus->block);
        return;
    case VIRTIO_NETWORK:
        virtio_net_reset(&bus->net);
        return;
    case VIRTIO_CONSOLE:
        virtio_console_reset(&bus->console);
        return;
    case VIRTIO_ENTROPY:
        return;
    }
}

static void note_interrupt(struct bus *bus, struct virtio *device)
{
    bus->attention = bus->attention || device->attention;
    device->attention = false;
}

static void write_structure(struct bus *bus, unsigned index, uint32_t offset, unsigned size_bytes,
                            uint32_t value)
{
    struct virtio *device = bus->device[index];
    uint32_t queue;
    switch (virtio_write(device, offset, size_bytes, value, &queue)) {
    case VIRTIO_EFFECT_NONE:
        break;
    case VIRTIO_EFFECT_RESET:
        reset(bus, index);
        break;
    case VIRTIO_EFFECT_START:
    case VIRTIO_EFFECT_NOTIFY:
        work(bus, index);
        break;
    }
    note_interrupt(bus, device);
}

/* ------------------------------------------------------------------ ports */

static void set_ports(const struct bus *bus, uint16_t first, uint8_t from, uint8_t to)
{
    for (uint32_t port = first; port < first + PCI_IO_BYTES; port++) {
        if (bus->map.port[port] == from) {
            bus->map.port[port] = to;
        }
    }
}

/* A BAR takes ports that nobody else answers; of two in the same place the first has them. */
static void map_ports(struct bus *bus)
{
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        if (bus->mapped[i] != 0) {
            set_ports(bus, bus->mapped[i], bus->map.virtio, bus->map.nobody);
            bus->mapped[i] = 0;
        }
    }
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        const struct pci_function *function = &bus->pci.function[i];
        if (function->present && (function->command & PCI_COMMAND_IO) != 0 && function->io != 0) {
            bus->mapped[i] = function->io;
            set_ports(bus, function->io, bus->map.nobody, bus->map.virtio);
        }
    }
}

uint32_t bus_port_in(struct bus *bus, uint16_t port, unsigned size_bytes)
{
    const struct pci_function *function = pci_find_port(&bus->pci, port);
    if (function == NULL) {
        return (uint32_t)mask_bytes(size_bytes);
    }
    return virtio_read(bus->device[function - bus->pci.function], port % PCI_IO_BYTES, size_bytes);
}

uint8_t bus_port_in_byte(struct bus *bus, uint16_t port)
{
    return (uint8_t)bus_port_in(bus, port, 1);
}

void bus_port_out(struct bus *bus, uint16_t port, unsigned size_bytes, uint32_t value)
{
    const struct pci_function *function = pci_find_port(&bus->pci, port);
    if (function != NULL) {
        write_structure(bus, (unsigned)(function - bus->pci.function), port % PCI_IO_BYTES, size_bytes,
                        value);
    }
}

/* ------------------------------------------------------------------ configuration space */

uint32_t bus_config_in(struct bus *bus, unsigned offset, unsigned size_bytes)
{
    struct pci_access access;
    uint32_t value = pci_read(&bus->pci, offset, size_bytes, &access), at;
    unsigned size;
    if (access.effect == PCI_EFFECT_WINDOW && pci_window(&bus->pci.function[access.index], &at, &size)) {
        return virtio_read(bus->device[access.index], at, size) & (uint32_t)mask_bytes(size_bytes);
    }
    return value;
}

uint8_t bus_config_in_byte(struct bus *bus, unsigned offset)
{
    return (uint8_t)bus_config_in(bus, offset, 1);
}

void bus_config_out(struct bus *bus, unsigned offset, unsigned size_bytes, uint32_t value)
{
    struct pci_access access = pci_write(&bus->pci, offset, size_bytes, value, bus->lapic);
    uint32_t at;
    unsigned size;
    switch (access.effect) {
    case PCI_EFFECT_NONE:
        return;
    case PCI_EFFECT_MOVED:
        map_ports(bus);
        return;
    case PCI_EFFECT_MSIX:
        bus->attention = true;
        return;
    case PCI_EFFECT_WINDOW:
        if (pci_window(&bus->pci.function[access.index], &at, &size)) {
            write_structure(bus, access.index, at, size, value);
        }
        return;
    }
}

/* ------------------------------------------------------------------ memory */

/* 6.8.2: aligned accesses of 4 or 8 bytes; narrower loads see their part, as the emulators do. */
bool bus_load(struct bus *bus, uint64_t address, unsigned size_bytes, uint64_t *value)
{
    const struct pci_function *function = pci_find_memory(&bus->pci, address);
    uint32_t offset = (uint32_t)address % PCI_MEMORY_BYTES;
    if (function == NULL) {
        return false;
    }
    uint64_t low = msix_read(&function->msix, offset & ~3u);
    uint64_t high = size_bytes == 8 && offset % 8 == 0 ? msix_read(&function->msix, offset + 4) : 0;
    *value = (low | high << 32) >> (8 * (offset % 4)) & mask_bytes(size_bytes);
    return true;
}

bool bus_store(struct bus *bus, uint64_t address, unsigned size_bytes, uint64_t value)
{
    struct pci_function *function = pci_find_memory(&bus->pci, address);
    uint32_t offset = (uint32_t)address % PCI_MEMORY_BYTES;
    if (function == NULL || size_bytes < 4 || offset % size_bytes != 0) {
        return false;
    }
    for (unsigned i = 0; i < size_bytes; i += 4) {
        if (msix_write(&function->msix, offset + i, (uint32_t)(value >> (8 * i)), bus->lapic)) {
            bus->attention = true;
        }
    }
    return true;
}

/* The guest sends in bursts: a notification for the first frame serves for those that follow soon. */
bool bus_look(struct bus *bus)
{
    if (bus->device[VIRTIO_NETWORK] == NULL || !bus->net.lingers) {
        return false;
    }
    bool more = virtio_net_look(&bus->net);
    note_interrupt(bus, &bus->net.virtio);
    return more;
}

void bus_tell(struct bus *bus)
{
    if (bus->net.owes) {
        virtio_net_tell(&bus->net);
        note_interrupt(bus, &bus->net.virtio);
    }
}

bool bus_work(struct bus *bus)
{
    bool more = false;
    if (bus->device[VIRTIO_CONSOLE] != NULL) {
        note_interrupt(bus, &bus->console.virtio);
    }
    if (bus->device[VIRTIO_BLOCK] != NULL && virtio_block_stirred(&bus->block)) {
        virtio_block_work(&bus->block);
        note_interrupt(bus, &bus->block.virtio);
    }
    if (bus->device[VIRTIO_NETWORK] != NULL && virtio_net_stirred(&bus->net)) {
        more = virtio_net_work(&bus->net);
        note_interrupt(bus, &bus->net.virtio);
    }
    return more;
}
