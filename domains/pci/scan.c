#include "scan.h"

#include <stddef.h>

#include <log.h>

#include "errors.h"
#include "port.h"
#include "q35.h"
#include "registers.h"

enum { BUSES = 256, SLOTS = 32, FUNCTIONS = 8, BRIDGES_MAX = 64 };

/* After the boot, links are up; after a reset the standard gives them this long ([PCIE-3.0] 6.6.1). */
enum { LINK_WAIT_US = 100000, LINK_LOOK_US = 1000 };

struct census {
    uint16_t bridge[BRIDGES_MAX];
    uint32_t bridges, functions;
};

static const char WHO[] = "scan";

static uint16_t bdf_make(uint32_t bus, uint32_t slot, uint32_t function)
{
    return (uint16_t)(bus << 8 | slot << 3 | function);
}

static bool present(const struct machine *machine, uint16_t bdf)
{
    return (ports_read(machine, bdf, CONFIG_IDENTITY) & VENDOR_MASK) != VENDOR_NONE;
}

/* The processor's way to memory and to the serial ports, and the IOMMU's own messages. */
static bool kept_alive(uint32_t class_code)
{
    return class_code == CLASS_HOST_BRIDGE || class_code == CLASS_ISA_BRIDGE || class_code == CLASS_IOMMU;
}

/* I/O decoding stays as it is: nobody but the described owner has a port. */
static enum problem silence(const struct machine *machine, uint16_t bdf)
{
    const uint32_t on = COMMAND_MEMORY | COMMAND_MASTER;
    const uint32_t command = ports_read(machine, bdf, CONFIG_COMMAND) & 0xffff;
    ports_write(machine, bdf, CONFIG_COMMAND, (command & ~on) | COMMAND_NO_INTX);
    const uint32_t left = ports_read(machine, bdf, CONFIG_COMMAND) & on;
    return left == 0 ? PROBLEM_NONE : problem_report(WHO, PROBLEM_STILL_ON, (uint64_t)bdf << 32 | left, 0);
}

static enum problem visit(const struct machine *machine, uint16_t bdf, struct census *census)
{
    const uint32_t class_code = ports_read(machine, bdf, CONFIG_CLASS) >> 16;
    const uint32_t header = ports_read(machine, bdf, CONFIG_HEADER) >> HEADER_SHIFT & HEADER_TYPE;
    census->functions++;
    if (kept_alive(class_code))
        return PROBLEM_NONE;
    if (header == HEADER_BRIDGE && census->bridges == BRIDGES_MAX)
        return problem_report(WHO, PROBLEM_BRIDGES, bdf, BRIDGES_MAX);
    if (header == HEADER_BRIDGE)
        census->bridge[census->bridges++] = bdf;
    return silence(machine, bdf);
}

static enum problem visit_slot(const struct machine *machine, uint32_t bus, uint32_t slot,
                               struct census *census)
{
    const uint16_t first = bdf_make(bus, slot, 0);
    if (!present(machine, first))
        return PROBLEM_NONE;
    const bool many = (ports_read(machine, first, CONFIG_HEADER) >> HEADER_SHIFT & HEADER_MULTIFUNCTION) != 0;
    enum problem problem = PROBLEM_NONE;
    for (uint32_t function = 0; function < (many ? FUNCTIONS : 1) && problem == PROBLEM_NONE; function++)
        if (present(machine, bdf_make(bus, slot, function)))
            problem = visit(machine, bdf_make(bus, slot, function), census);
    return problem;
}

/* Every function on every bus that the firmware has numbered falls silent; then the bridges lose their numbers, the lowest
 * first, so that no two buses can get the same. */
static enum problem silence_all(const struct machine *machine)
{
    struct census census = {.bridges = 0};
    enum problem problem = PROBLEM_NONE;
    for (uint32_t slot = 0; slot < BUSES * SLOTS && problem == PROBLEM_NONE; slot++)
        problem = visit_slot(machine, slot / SLOTS, slot % SLOTS, &census);
    log_line("%s: %u functions, %u bridges", WHO, (unsigned)census.functions, (unsigned)census.bridges);
    while (census.bridges > 0 && problem == PROBLEM_NONE)
        ports_write(machine, census.bridge[--census.bridges], BRIDGE_BUSES, 0);
    return problem;
}

/* What the ports say and what the page says must be one function: before anything is written, and once numbers and addresses
 * are there that nobody else has. */
static enum problem check_page(const struct machine *machine, const struct device *device, uint16_t bdf,
                               volatile void *page)
{
    static const uint32_t looks[] = {CONFIG_IDENTITY, CONFIG_CLASS, CONFIG_BAR0, BRIDGE_BUSES};
    for (size_t index = 0; index < sizeof(looks) / sizeof(looks[0]); index++) {
        const uint32_t expected = ports_read(machine, bdf, looks[index]),
                       found = page_read(page, looks[index]);
        if (found != expected)
            return problem_report(device->name, PROBLEM_ECAM, found, expected);
    }
    return PROBLEM_NONE;
}

static enum problem check_alone(const struct machine *machine, const struct device *device)
{
    const uint32_t bus = device->source >> 8;
    for (uint32_t below = 1; below < SLOTS * FUNCTIONS; below++)
        if (present(machine, bdf_make(bus, 0, below)))
            return problem_report(device->name, PROBLEM_NOT_ALONE, bus << 8 | below, 0);
    return PROBLEM_NONE;
}

/* A link that is not up answers nothing; neither does a device that still wakes. One that stays away is refused later. */
static void await_device(const struct machine *machine, const struct device *device)
{
    for (uint32_t waited = 0; waited < LINK_WAIT_US && device_answers(device) != PROBLEM_NONE;
         waited += LINK_LOOK_US)
        machine_rest_us(machine, LINK_LOOK_US);
}

static enum problem program(const struct machine *machine, struct device *device)
{
    enum problem problem;
    if ((problem = check_page(machine, device, device->port, device->port_page)) != PROBLEM_NONE ||
        (problem = port_program(device)) != PROBLEM_NONE ||
        (problem = check_page(machine, device, device->port, device->port_page)) != PROBLEM_NONE)
        return problem;
    await_device(machine, device);
    if ((problem = check_alone(machine, device)) != PROBLEM_NONE ||
        (problem = device_program(machine, device)) != PROBLEM_NONE)
        return problem;
    errors_forget(device); /* those of whoever looked for devices before */
    return check_page(machine, device, device->source, device->page);
}

/* What could not be finished must not be half on. */
static uint32_t give_up(const struct machine *machine, const struct devices *devices, uint32_t number,
                        enum problem problem)
{
    for (uint32_t index = 0; index < devices->count; index++) {
        const struct device *const device = &devices->device[index];
        ports_write(machine, device->source, CONFIG_COMMAND, COMMAND_NO_INTX);
        ports_write(machine, device->port, CONFIG_COMMAND, COMMAND_NO_INTX);
    }
    return number << 8 | (uint32_t)problem;
}

uint32_t scan(const struct machine *machine, struct devices *devices, uint64_t ecam_base)
{
    enum problem problem = silence_all(machine);
    if (problem == PROBLEM_NONE)
        problem = q35_set_ecam(machine, ecam_base);
    if (problem != PROBLEM_NONE)
        return give_up(machine, devices, 0, problem);
    for (uint32_t index = 0; index < devices->count; index++) {
        struct device *const device = &devices->device[index];
        problem = program(machine, device);
        if (problem != PROBLEM_NONE)
            return give_up(machine, devices, index, problem);
        log_line("%s: %s at %02x:00.0, vendor and device %08x, memory at %08x", device->name,
                 device->kind->name, (unsigned)(device->source >> 8), (unsigned)device->identity,
                 (unsigned)device->window);
    }
    return 0;
}
