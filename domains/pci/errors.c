#include "errors.h"

#include <log.h>

#include "registers.h"

/* [PCIE-3.0] 7.10.4, defaults: data link protocol, surprise down, flow control, overflow, malformed, internal. The function's own
 * register could say otherwise, and is not asked. */
static const uint32_t FATAL = 1u << 4 | 1u << 5 | 1u << 13 | 1u << 17 | 1u << 18 | 1u << 22;
static const uint32_t NAMED = ~ERROR_UNNAMED;

/* Reads a register of errors, clears what it showed by writing that and @also, and answers what is new. All ones are nobody's
 * answer. */
static uint32_t take(volatile void *page, uint32_t at, uint32_t mask, uint32_t also, uint32_t *stuck)
{
    const uint32_t value = page_read(page, at), shown = value & mask;
    if (value == UINT32_MAX)
        return 0;
    const uint32_t fresh = shown & ~*stuck;
    *stuck &= shown;
    if (shown != 0) {
        page_write(page, at, shown | also);
        *stuck = page_read(page, at) & shown;
    }
    return fresh;
}

/* The status says only of which kind there were errors; where there is AER it is cleared and says nothing new. */
static void take_function(volatile void *page, const struct capabilities *has, struct stuck_errors *stuck,
                          struct error_bits *bits)
{
    if (has->pcie == 0 || (page_read(page, CONFIG_IDENTITY) & VENDOR_MASK) == VENDOR_NONE)
        return;
    /* [PCIE-3.0] 7.8.5. The control in the lower half is written as it was set, whatever is read there: one bit is a reset. */
    const uint32_t status = take(page, has->pcie + PCIE_DEVICE_CONTROL, PCIE_DETECTED,
                                 PCIE_REPORT_ERRORS | PCIE_READ_512, &stuck->status);
    if (has->aer != 0) {
        const uint32_t uncorrectable =
            take(page, has->aer + (uint32_t)AER_UNCORRECTABLE, NAMED, 0, &stuck->uncorrectable);
        bits->fatal = uncorrectable & FATAL;
        bits->nonfatal = uncorrectable & ~FATAL;
        bits->correctable = take(page, has->aer + (uint32_t)AER_CORRECTABLE, NAMED, 0, &stuck->correctable);
        return;
    }
    bits->fatal = (status & PCIE_DETECTED_FATAL) != 0 ? ERROR_UNNAMED : 0;
    bits->nonfatal = (status & (PCIE_DETECTED_NONFATAL | PCIE_DETECTED_UNSUPPORTED)) != 0 ? ERROR_UNNAMED : 0;
    bits->correctable = (status & PCIE_DETECTED_CORRECTABLE) != 0 ? ERROR_UNNAMED : 0;
}

/* Messages that the root port received, of errors that nobody's register names: an error is an error without a name too. */
static void add_unnamed(uint32_t root, struct errors *errors)
{
    const struct error_bits *const device = &errors->device;
    struct error_bits *const port = &errors->port;
    if ((root & ROOT_FATAL) != 0 && (device->fatal | port->fatal) == 0)
        port->fatal = ERROR_UNNAMED;
    if ((root & ROOT_NONFATAL) != 0 && (device->nonfatal | port->nonfatal) == 0)
        port->nonfatal = ERROR_UNNAMED;
    if ((root & ROOT_CORRECTABLE) != 0 && (device->correctable | port->correctable) == 0)
        port->correctable = ERROR_UNNAMED;
}

/* The messages first: what comes between two reads is then named, and at worst counted once more. */
void errors_take(struct device *device, bool answers, struct errors *errors)
{
    const uint32_t aer = device->port_capabilities.aer;
    uint32_t root = 0;
    *errors = (struct errors){.source = 0};
    if (aer != 0 && aer + AER_ROOT_BYTES <= CONFIG_PAGE_BYTES) {
        const uint32_t source = page_read(device->port_page, aer + (uint32_t)AER_ROOT_SOURCE);
        root =
            take(device->port_page, aer + (uint32_t)AER_ROOT_STATUS, ROOT_SHOWN, 0, &device->port_stuck.root);
        errors->source = (root & ROOT_MESSAGES) != 0 ? source : 0;
    }
    if (answers)
        take_function(device->page, &device->capabilities, &device->stuck, &errors->device);
    take_function(device->port_page, &device->port_capabilities, &device->port_stuck, &errors->port);
    add_unnamed(root, errors);
}

void errors_forget(struct device *device)
{
    struct errors old;
    errors_take(device, true, &old);
    const uint32_t of_device = old.device.fatal | old.device.nonfatal,
                   of_port = old.port.fatal | old.port.nonfatal;
    if ((of_device | of_port | old.device.correctable | old.port.correctable) != 0)
        log_line("%s: errors from before: device %x, %x, root port %x, %x", device->name, (unsigned)of_device,
                 (unsigned)old.device.correctable, (unsigned)of_port, (unsigned)old.port.correctable);
}
