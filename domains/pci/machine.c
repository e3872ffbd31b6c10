#include "machine.h"

#include <clock.h>
#include <mmio.h>
#include <stubs.h>

/* [PCI-3.0] 3.2.2.3.2: the address port selects, the data port reads and writes. */
static const uint16_t ADDRESS_PORT = 0xcf8;
static const uint16_t DATA_PORT = 0xcfc;

enum { NS_PER_US = 1000 };

uint32_t page_read(volatile void *page, uint32_t offset)
{
    return mmio_read32((volatile uint8_t *)page + offset);
}

void page_write(volatile void *page, uint32_t offset, uint32_t value)
{
    mmio_write32((volatile uint8_t *)page + offset, value);
}

static uint32_t port_address(uint16_t bdf, uint32_t offset)
{
    return UINT32_C(1) << 31 | (uint32_t)bdf << 8 | (offset & 0xfc);
}

uint32_t ports_read(const struct machine *machine, uint16_t bdf, uint32_t offset)
{
    uint32_t value;
    if (ioport_out(machine->ports_slot, ADDRESS_PORT, 4, port_address(bdf, offset)) != OK ||
        ioport_in(machine->ports_slot, DATA_PORT, 4, &value) != OK)
        return UINT32_MAX;
    return value;
}

/* A refusal by the kernel shows when the caller reads back what it wrote. */
void ports_write(const struct machine *machine, uint16_t bdf, uint32_t offset, uint32_t value)
{
    if (ioport_out(machine->ports_slot, ADDRESS_PORT, 4, port_address(bdf, offset)) == OK)
        (void)!ioport_out(machine->ports_slot, DATA_PORT, 4, value);
}

uint64_t machine_now_us(const struct machine *machine)
{
    return clock_ticks_to_ns(clock_ticks(), machine->tsc_khz) / NS_PER_US;
}

/* A signal on the bell ends no rest; without a bell the time passes here. */
void machine_rest_us(const struct machine *machine, uint64_t us)
{
    const uint64_t until = clock_deadline_after(us * NS_PER_US, machine->tsc_khz);
    uint32_t bits;
    while (clock_ticks() < until)
        if (machine->bell_slot != 0)
            (void)!notif_wait(machine->bell_slot, until, &bits);
}
