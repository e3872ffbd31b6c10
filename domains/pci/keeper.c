#include "keeper.h"

#include <log.h>

#include "errors.h"
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
    errors_forget(device); /* those of the reset */
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

/* Nobody speaks to a device in its mandated wait, not even to ask who it is. One that lost decoding or bus mastering, or is not
 * ready, was reset, but not here. */
static enum pci_presence presence_of(const struct keeper *keeper, uint32_t number, uint32_t *identity)
{
    const uint32_t on = COMMAND_MEMORY | COMMAND_MASTER;
    const struct device *const device = &keeper->devices->device[number];
    *identity = 0;
    if (keeper->state[number].stopped)
        return PCI_PRESENCE_STOPPED;
    const uint32_t found = page_read(device->page, CONFIG_IDENTITY);
    if ((found & VENDOR_MASK) == VENDOR_NONE)
        return PCI_PRESENCE_GONE;
    if ((found & VENDOR_MASK) == VENDOR_NOT_READY)
        return PCI_PRESENCE_RESET;
    *identity = found;
    if (device->identity != 0 && found != device->identity)
        return PCI_PRESENCE_CHANGED;
    return (page_read(device->page, CONFIG_COMMAND) & on) == on ? PCI_PRESENCE_SERVING : PCI_PRESENCE_RESET;
}

/* The errors of another device than that of the boot are not its: their registers may be elsewhere. */
static enum error serve_status(void *context, uint64_t badge, const struct pci_status_in *in,
                               struct pci_status_out *out)
{
    struct keeper *const keeper = context;
    struct device *const device = find(keeper, in->device);
    struct errors errors;
    (void)badge;
    if (device == NULL)
        return ERR_RANGE;
    out->presence = presence_of(keeper, in->device, &out->identity);
    errors_take(device, out->presence == PCI_PRESENCE_SERVING, &errors);
    out->fatal = errors.device.fatal;
    out->nonfatal = errors.device.nonfatal;
    out->correctable = errors.device.correctable;
    out->port_fatal = errors.port.fatal;
    out->port_nonfatal = errors.port.nonfatal;
    out->port_correctable = errors.port.correctable;
    out->source = errors.source;
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
        /* So that its errors can be asked for; a port that is wrong is refused when it is programmed. */
        (void)port_find(device);
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
