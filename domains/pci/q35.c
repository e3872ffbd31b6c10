#include "q35.h"

#include "registers.h"

/* [Q35] 5.1: device 0 function 0, PCIEXBAR at 60h: bit 0 enables, bits 2-1 zero for 256 MiB, base from bit 28. */
enum { HOST_BRIDGE = 0, PCIEXBAR = 0x60, PCIEXBAR_HIGH = 0x64, PCIEXBAR_ENABLE = 1 };
static const uint32_t IDENTITY = 0x29c08086;

/* Off while its two halves change. */
enum problem q35_set_ecam(const struct machine *machine, uint64_t base)
{
    const uint32_t low = (uint32_t)base | PCIEXBAR_ENABLE, high = (uint32_t)(base >> 32);
    if (ports_read(machine, HOST_BRIDGE, CONFIG_IDENTITY) != IDENTITY)
        return PROBLEM_NONE;
    if (ports_read(machine, HOST_BRIDGE, PCIEXBAR) != low ||
        ports_read(machine, HOST_BRIDGE, PCIEXBAR_HIGH) != high) {
        ports_write(machine, HOST_BRIDGE, PCIEXBAR, 0);
        ports_write(machine, HOST_BRIDGE, PCIEXBAR_HIGH, high);
        ports_write(machine, HOST_BRIDGE, PCIEXBAR, low);
    }
    const uint32_t found = ports_read(machine, HOST_BRIDGE, PCIEXBAR);
    return found == low ? PROBLEM_NONE : problem_report("host bridge", PROBLEM_ECAM, found, low);
}
