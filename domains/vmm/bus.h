/* Bus 0 and the virtio devices on it: which device answers where, and what an access to it sets off. */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include "virtio_block.h"
#include "virtio_console.h"
#include "virtio_entropy.h"
#include "virtio_net.h"

/* The platform's table of ports, and what stands in it where nobody (a virtio device) answers. */
struct port_map {
    uint8_t *port;
    uint8_t nobody, virtio;
};

struct bus {
    struct pci pci;
    struct memory *memory;
    struct lapic *lapic;
    struct port_map map;
    uint16_t mapped[PCI_FUNCTIONS];       /* where BAR 0 stands in the port map, 0 = nowhere */
    struct virtio *device[PCI_FUNCTIONS]; /* by enum virtio_index, NULL = absent */
    bool attention;                       /* the same of any device */
    struct virtio_block block;
    struct virtio_net net;
    struct virtio_console console;
    struct virtio_entropy entropy;
};

void bus_init(struct bus *bus, struct memory *memory, struct lapic *lapic, struct port_map map);
/* The disk of bus->block, which virtio_block_open has opened, appears. */
void bus_attach_block(struct bus *bus);
/* The same of bus->net. */
void bus_attach_net(struct bus *bus);
void bus_attach_console(struct bus *bus);
void bus_attach_entropy(struct bus *bus);
/* Is there anything besides the host bridge? */
bool bus_populated(const struct bus *bus);

/* Configuration space; @offset 0..7 from PCI_PORT_ADDRESS. */
uint32_t bus_config_in(struct bus *bus, unsigned offset, unsigned size_bytes);
uint8_t bus_config_in_byte(struct bus *bus, unsigned offset);
void bus_config_out(struct bus *bus, unsigned offset, unsigned size_bytes, uint32_t value);
/* BAR 0, where the port map says so. */
uint32_t bus_port_in(struct bus *bus, uint16_t port, unsigned size_bytes);
uint8_t bus_port_in_byte(struct bus *bus, uint16_t port);
void bus_port_out(struct bus *bus, uint16_t port, unsigned size_bytes, uint32_t value);
/* BAR 1; false: nobody answers there. */
bool bus_load(struct bus *bus, uint64_t address, unsigned size_bytes, uint64_t *value);
bool bus_store(struct bus *bus, uint64_t address, unsigned size_bytes, uint64_t value);

/* What the other ends of the channels have done since. True: there is more, and no bell comes for it. */
bool bus_work(struct bus *bus);
/* The frames that the guest may send without a notification; as bus_work(). */
bool bus_look(struct bus *bus);
/* The interrupt for frames sent that was put off. */
void bus_tell(struct bus *bus);

#endif
