#include "keeper.h"

#include <log.h>

#include "port.h"
#include "registers.h"

/* [PCIE-3.0] 6.6.1, 6.6.2: after a reset of either kind a device is left alone for 100 ms. Before a function-level reset its
 * transactions get as long to end; one that does not finish them is reset all the same. */
enum { READY_US = 100000, PENDING_US = 100000, PENDING_LOOK_US = 1000 };

static struct device *find(struct keeper *keeper, uint32_t number)
{
    return number < keeper->devices->count ? &keeper->devices->device[number] : NULL;
}

static void await_idle(const struct machine *machine, const struct device *device)
{
    for (uint32_t waited = 0; waited < PENDING_US; waited += PENDING_LOOK_US) {
        if (device_idle(device))
            return;
        machine_rest_us(machine, PENDING_LOOK_US);
    }
    log_line("%s: transactions still pending after %u us, reset all the same", device->name,
             (unsigned)PENDING_US);
}

static void reset_bus(const struct machine *machine, const struct device *device)
{
    port_hold_reset(device, true);
    machine_rest_us(machine, PORT_RESET_US);
    port_hold_reset(device, false);
}

static enum error serve_quiesce(void *context, uint64_t badge, const struct pci_quiesce_in *in,
                                struct pci_quiesce_out *out)
{
    struct keeper *const keeper = context;
    const struct machine *const machine = keeper->machine;
    const struct device *const device = find(keeper, in->device);
    (void)badge;
    if (device == NULL)
        return ERR_RANGE;
    device_stop(device);
    await_idle(machine, device);
    const bool function_level = device_reset(device);
    if (!function_level)
        reset_bus(machine, device);
    keeper->state[in->device].stopped = true;
    keeper->state[in->device].ready_us = machine_now_us(machine) + READY_US;
    out->wait_us = READY_US;
    log_line("%s: bus mastering off, %s reset", device->name,
             function_level ? "function-level" : "secondary-bus");
    return OK;
}

/* Not there yet is worth another try; another device, or one that does not keep what is written, is not. */
static enum error restore(const struct machine *machine, struct device *device)
{
    if (port_program(device) != PROBLEM_NONE)
        return ERR_DENIED;
    if (device_answers(device) != PROBLEM_NONE)
        return ERR_AGAIN;
    if (device_program(machine, device) != PROBLEM_NONE)
        return device_answers(device) != PROBLEM_NONE ? ERR_AGAIN : ERR_DENIED;
    return OK;
}

static enum error serve_restore(void *context, uint64_t badge, const struct pci_restore_in *in)
{
    struct keeper *const keeper = context;
    struct device *const device = find(keeper, in->device);
    (void)badge;
    if (device == NULL)
        return ERR_RANGE;
    struct keeper_state *const state = &keeper->state[in->device];
    if (!state->stopped)
        return ERR_STATE;
    if (machine_now_us(keeper->machine) < state->ready_us)
        return ERR_AGAIN;
    const enum error error = restore(keeper->machine, device);
    if (error == OK) {
        state->stopped = false;
        log_line("%s: restored", device->name);
    }
    return error;
}

/* Reads a register of errors and clears what it showed; nothing from a function that has gone. */
static uint32_t take(volatile void *page, uint32_t at)
{
    const uint32_t value = page_read(page, at);
    if (value == UINT32_MAX || value == 0)
        return 0;
    page_write(page, at, value);
    return value;
}

/* Adds the errors of the function behind @page; answers the root port's error source, 0 where it keeps none. */
static uint32_t add_errors(const char *who, volatile void *page, bool port, struct pci_status_out *out)
{
    struct capabilities has;
    if ((page_read(page, CONFIG_IDENTITY) & VENDOR_MASK) == VENDOR_NONE ||
        capabilities_find(who, page, &has) != PROBLEM_NONE || has.aer == 0)
        return 0;
    out->uncorrectable |= take(page, has.aer + (uint32_t)AER_UNCORRECTABLE);
    out->correctable |= take(page, has.aer + (uint32_t)AER_CORRECTABLE);
    if (!port || has.aer + AER_ROOT_BYTES > CONFIG_PAGE_BYTES)
        return 0;
    const uint32_t source = page_read(page, has.aer + (uint32_t)AER_ROOT_SOURCE);
    return take(page, has.aer + (uint32_t)AER_ROOT_STATUS) != 0 ? source : 0;
}

/* In its mandated wait nobody speaks to the device, not even to ask who it is. */
static void look(const struct keeper *keeper, uint32_t number, struct pci_status_out *out)
{
    const struct device *const device = &keeper->devices->device[number];
    const bool waiting =
        keeper->state[number].stopped && machine_now_us(keeper->machine) < keeper->state[number].ready_us;
    const uint32_t identity = waiting ? UINT32_MAX : page_read(device->page, CONFIG_IDENTITY);
    out->vendor = (uint16_t)identity;
    out->id = (uint16_t)(identity >> 16);
    if (out->vendor == VENDOR_NONE)
        return;
    out->command = (uint16_t)page_read(device->page, CONFIG_COMMAND);
    out->link_up = out->vendor != VENDOR_NOT_READY; /* over a link that is down nobody answers */
    (void)add_errors(device->name, device->page, false, out);
}

static enum error serve_status(void *context, uint64_t badge, const struct pci_status_in *in,
                               struct pci_status_out *out)
{
    struct keeper *const keeper = context;
    const struct device *const device = find(keeper, in->device);
    (void)badge;
    if (device == NULL)
        return ERR_RANGE;
    look(keeper, in->device, out);
    const uint32_t source = add_errors(device->name, device->port_page, true, out);
    const uint32_t all = out->uncorrectable | out->correctable | source;
    if (all != 0 && all != keeper->state[in->device].reported)
        log_line("%s: errors: uncorrectable %x, correctable %x, reported by %08x", device->name,
                 (unsigned)out->uncorrectable, (unsigned)out->correctable, (unsigned)source);
    keeper->state[in->device].reported = all;
    return OK;
}

/* A keeper that ended in the middle of a reset left the port in it, or the device without bus mastering. */
void keeper_open(struct keeper *keeper, const struct machine *machine, struct devices *devices)
{
    *keeper = (struct keeper){.machine = machine, .devices = devices};
    for (uint32_t index = 0; index < devices->count; index++) {
        struct device *const device = &devices->device[index];
        const bool held = port_holds_reset(device);
        if (held)
            reset_bus(machine, device);
        const bool master = !held && device_find(device) == PROBLEM_NONE &&
                            (page_read(device->page, CONFIG_COMMAND) & COMMAND_MASTER) != 0;
        keeper->state[index].stopped = !master;
        keeper->state[index].ready_us = master ? 0 : machine_now_us(machine) + READY_US;
    }
}

const struct pci_server_ops keeper_ops = {
    .quiesce = serve_quiesce,
    .restore = serve_restore,
    .status = serve_status,
};
