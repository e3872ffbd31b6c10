#include "registers.h"

#include <clock.h>
#include <mmio.h>
#include <stubs.h>

#include "e1000e.h"

uint32_t e1000e_read(const struct e1000e *device, enum e1000e_register which)
{
    return mmio_read32(device->bar + which);
}

void e1000e_write(const struct e1000e *device, enum e1000e_register which, uint32_t value)
{
    mmio_write32(device->bar + which, value);
}

/* A signal that ends the wait is lost; whoever waits here looks at everything afterwards. */
void e1000e_wait(const struct e1000e *device, uint64_t ns)
{
    uint64_t deadline = clock_deadline_after(ns, device->tsc_khz);
    uint32_t bits;
    while (notif_wait(device->bell_slot, deadline, &bits) == OK) {
    }
}
