/* What only the machine can do; everything else of this domain runs in tests as well, over a model of configuration
 * space. All accesses are of 32 bits, aligned, in program order. */
#ifndef PCI_MACHINE_H
#define PCI_MACHINE_H

#include <stdint.h>

struct domain_info;

/* Who the domain is to the kernel: slots, 0 where it has none. */
struct machine {
    uint64_t tsc_khz;
    uint32_t ports_slot; /* configuration ports: the scan alone has them */
    uint32_t bell_slot;  /* to rest on */
};

/* A page of device memory: a function's configuration space in ECAM, or an MSI-X table. */
uint32_t page_read(volatile void *page, uint32_t offset);
void page_write(volatile void *page, uint32_t offset, uint32_t value);

/* The same through the configuration ports, for the first 256 bytes of any function; @bdf = bus << 8 | devfn.
 * A function that is not there reads as ones. */
uint32_t ports_read(const struct machine *machine, uint16_t bdf, uint32_t offset);
void ports_write(const struct machine *machine, uint16_t bdf, uint32_t offset, uint32_t value);

uint64_t machine_now_us(const struct machine *machine);

/* At least so long; other domains run meanwhile where the machine lets them. */
void machine_rest_us(const struct machine *machine, uint64_t us);

#endif
