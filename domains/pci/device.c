#include "device.h"

#include "registers.h"

/* Reads @value back, within @mask. */
static enum problem keep(const struct device *device, uint32_t offset, uint32_t mask, uint32_t value)
{
    const uint32_t found = page_read(device->page, offset);
    return (found & mask) == (value & mask)
               ? PROBLEM_NONE
               : problem_report(device->name, PROBLEM_REGISTER, (uint64_t)offset << 32 | found, value);
}

static enum problem set(const struct device *device, uint32_t offset, uint32_t mask, uint32_t value)
{
    page_write(device->page, offset, value);
    return keep(device, offset, mask, value);
}

enum problem device_answers(const struct device *device)
{
    const uint32_t vendor = page_read(device->page, CONFIG_IDENTITY) & VENDOR_MASK;
    if (vendor == VENDOR_NONE)
        return PROBLEM_ABSENT;
    return vendor == VENDOR_NOT_READY ? PROBLEM_NOT_READY : PROBLEM_NONE;
}

void device_quiet(const struct device *device)
{
    page_write(device->page, CONFIG_COMMAND, COMMAND_NO_INTX);
}

void device_stop(const struct device *device)
{
    const uint32_t command = page_read(device->page, CONFIG_COMMAND) & (COMMAND_MEMORY | COMMAND_IO);
    page_write(device->page, CONFIG_COMMAND, command | COMMAND_NO_INTX);
}

static enum problem check_identity(struct device *device)
{
    const uint32_t identity = page_read(device->page, CONFIG_IDENTITY);
    const uint32_t class_code = page_read(device->page, CONFIG_CLASS) >> 8;
    const uint32_t header = page_read(device->page, CONFIG_HEADER) >> HEADER_SHIFT & 0xff;
    const struct kind *const kind = device->kind;
    const enum problem problem = device_answers(device);
    if (problem != PROBLEM_NONE)
        return problem_report(device->name, problem, identity, 0);
    if (header != HEADER_DEVICE)
        return problem_report(device->name, PROBLEM_HEADER, header, HEADER_DEVICE);
    if (class_code != kind->class_code)
        return problem_report(device->name, PROBLEM_CLASS, class_code, kind->class_code);
    if (kind->identity != 0 && identity != kind->identity)
        return problem_report(device->name, PROBLEM_IDENTITY, identity, kind->identity);
    if (device->identity != 0 && identity != device->identity)
        return problem_report(device->name, PROBLEM_CHANGED, identity, device->identity);
    device->identity = identity;
    return PROBLEM_NONE;
}

static enum problem find_capabilities(struct device *device)
{
    struct capabilities *const found = &device->capabilities;
    const enum problem problem = capabilities_find(device->name, device->page, found);
    if (problem != PROBLEM_NONE)
        return problem;
    if (found->pcie == 0)
        return problem_report(device->name, PROBLEM_CAPABILITY, 0, CAP_PCIE);
    if (found->msix == 0)
        return problem_report(device->name, PROBLEM_CAPABILITY, 0, CAP_MSIX);
    return PROBLEM_NONE;
}

/* [PCI-PM-1.2] 5.6.1: from D3hot a function may be spoken to after 10 ms. */
static void power_on(const struct machine *machine, const struct device *device)
{
    const uint32_t at = device->capabilities.power + (uint32_t)POWER_CONTROL;
    if (device->capabilities.power == 0 || (page_read(device->page, at) & POWER_STATE) == 0)
        return;
    page_write(device->page, at, 0);
    machine_rest_us(machine, POWER_WAIT_US);
}

/* [PCI-3.0] 6.2.5.1: what of ones stays is the size. Answers the double words that the register has, 0 for a problem. */
static unsigned bar_size(const struct device *device, unsigned number, uint32_t *bytes)
{
    const uint32_t at = CONFIG_BAR0 + 4 * number;
    page_write(device->page, at, UINT32_MAX);
    const uint32_t low = page_read(device->page, at);
    const bool port = (low & BAR_IO) != 0, wide = !port && (low & BAR_TYPE) == BAR_WIDE;
    *bytes = port ? 0 : ~(low & ~(uint32_t)BAR_FLAGS) + 1;
    page_write(device->page, at, 0);
    if (!wide)
        return !port && (low & BAR_TYPE) != 0 ? 0 : 1;
    if (number == BARS - 1)
        return 0;
    page_write(device->page, at + 4, UINT32_MAX);
    const uint32_t high = page_read(device->page, at + 4);
    page_write(device->page, at + 4, 0);
    return high == UINT32_MAX ? 2 : 0;
}

static enum problem place_bar(const struct device *device, unsigned number, unsigned *words)
{
    const struct kind_bar *const bar = &device->kind->bar[number];
    const uint32_t at = CONFIG_BAR0 + 4 * number;
    uint32_t bytes;
    *words = bar_size(device, number, &bytes);
    if (*words == 0 || (bar->bytes != 0 && bytes != bar->bytes))
        return problem_report(device->name, PROBLEM_BAR, bytes, bar->bytes);
    if (bytes != bar->bytes)
        return problem_report(device->name, PROBLEM_BAR_UNDESCRIBED, bytes, 0);
    return bytes == 0 ? PROBLEM_NONE : set(device, at, ~(uint32_t)BAR_FLAGS, device->window + bar->offset);
}

/* Decoding is off. Regions of ports and the ROM go nowhere: I/O decoding stays off, the ROM's own enable is cleared. */
static enum problem place_bars(const struct device *device)
{
    enum problem problem = PROBLEM_NONE;
    unsigned words;
    for (unsigned number = 0; number < BARS && problem == PROBLEM_NONE; number += words)
        problem = place_bar(device, number, &words);
    return problem != PROBLEM_NONE ? problem : set(device, CONFIG_ROM, 1, 0);
}

static enum problem clear(const struct device *device, uint16_t capability, uint32_t offset, uint32_t bit)
{
    const uint32_t at = capability + offset;
    return capability == 0 ? PROBLEM_NONE : set(device, at, bit, page_read(device->page, at) & ~bit);
}

/* Nothing by which the device could signal, translate or multiply itself other than through its MSI-X table. */
static enum problem switch_off_extras(const struct device *device)
{
    const struct capabilities *const has = &device->capabilities;
    const struct {
        uint16_t capability;
        uint32_t offset, bit;
    } extras[] = {
        {has->msi, MSI_CONTROL, MSI_ENABLE},       {has->ats, ATS_CONTROL, ATS_ENABLE},
        {has->pri, PRI_CONTROL, PRI_ENABLE},       {has->pasid, PASID_CONTROL, PASID_ENABLE},
        {has->sriov, SRIOV_CONTROL, SRIOV_ENABLE},
    };
    enum problem problem = PROBLEM_NONE;
    for (unsigned index = 0; index < sizeof(extras) / sizeof(extras[0]) && problem == PROBLEM_NONE; index++)
        problem = clear(device, extras[index].capability, extras[index].offset, extras[index].bit);
    return problem;
}

static enum problem check_msix(const struct device *device, uint32_t *count)
{
    const uint32_t at = device->capabilities.msix;
    const uint32_t table = page_read(device->page, at + MSIX_TABLE);
    const uint32_t pending = page_read(device->page, at + MSIX_PENDING);
    *count = (page_read(device->page, at + MSIX_CONTROL) >> MSIX_COUNT_SHIFT & MSIX_COUNT) + 1;
    if (table != device->kind->msix_table)
        return problem_report(device->name, PROBLEM_MSIX_TABLE, table, device->kind->msix_table);
    if (pending != device->kind->msix_pending)
        return problem_report(device->name, PROBLEM_MSIX_TABLE, pending, device->kind->msix_pending);
    if (*count > CONFIG_PAGE_BYTES / MSIX_ENTRY_BYTES)
        return problem_report(device->name, PROBLEM_MSIX_COUNT, *count, CONFIG_PAGE_BYTES / MSIX_ENTRY_BYTES);
    return PROBLEM_NONE;
}

static enum problem set_entry(const struct device *device, uint32_t entry, uint32_t offset, uint32_t value)
{
    const uint32_t at = entry * MSIX_ENTRY_BYTES + offset;
    page_write(device->msix_page, at, value);
    const uint32_t found = page_read(device->msix_page, at);
    return found == value ? PROBLEM_NONE
                          : problem_report(device->name, PROBLEM_REGISTER, (uint64_t)at << 32 | found, value);
}

/* The first entry signals; the others are masked and name no address. */
static enum problem fill_entry(const struct device *device, uint32_t entry)
{
    const struct message_signal none = {0};
    const struct message_signal *const message = entry == 0 ? &device->message : &none;
    const struct {
        uint32_t offset, value;
    } words[] = {
        {MSIX_ENTRY_CONTROL, MSIX_ENTRY_MASKED},
        {MSIX_ENTRY_ADDRESS, (uint32_t)message->address},
        {MSIX_ENTRY_ADDRESS_HIGH, (uint32_t)(message->address >> 32)},
        {MSIX_ENTRY_DATA, message->data},
        {MSIX_ENTRY_CONTROL, entry == 0 ? 0 : MSIX_ENTRY_MASKED},
    };
    enum problem problem = PROBLEM_NONE;
    for (unsigned index = 0; index < sizeof(words) / sizeof(words[0]) && problem == PROBLEM_NONE; index++)
        problem = set_entry(device, entry, words[index].offset, words[index].value);
    return problem;
}

/* The whole function is masked while its entries change. [PCI-3.0] 6.8.2.3. */
static enum problem fill_msix(const struct device *device, uint32_t count)
{
    const uint32_t at = device->capabilities.msix + (uint32_t)MSIX_CONTROL,
                   switches = MSIX_ENABLE | MSIX_MASK_ALL;
    enum problem problem = set(device, at, switches, switches);
    for (uint32_t entry = 0; entry < count && problem == PROBLEM_NONE; entry++)
        problem = fill_entry(device, entry);
    return problem != PROBLEM_NONE ? problem : set(device, at, switches, MSIX_ENABLE);
}

static enum problem set_command(const struct device *device, uint32_t command)
{
    const uint32_t mask = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX;
    return set(device, CONFIG_COMMAND, mask, command | COMMAND_NO_INTX);
}

/* Payloads of 128 bytes everywhere, no relaxed order, no snooping left out: what every port and device can do. Not read back,
 * since the reports are optional and nothing depends on the rest. */
static void set_device_control(const struct device *device)
{
    const uint32_t control = PCIE_REPORT_ERRORS | PCIE_READ_512;
    page_write(device->page, device->capabilities.pcie + (uint32_t)PCIE_DEVICE_CONTROL, control);
}

static enum problem switch_on(const struct machine *machine, const struct device *device)
{
    uint32_t count;
    enum problem problem;
    power_on(machine, device);
    set_device_control(device);
    if ((problem = set_command(device, 0)) != PROBLEM_NONE ||
        (problem = place_bars(device)) != PROBLEM_NONE ||
        (problem = check_msix(device, &count)) != PROBLEM_NONE ||
        (problem = switch_off_extras(device)) != PROBLEM_NONE ||
        (problem = set_command(device, COMMAND_MEMORY)) != PROBLEM_NONE ||
        (problem = fill_msix(device, count)) != PROBLEM_NONE)
        return problem;
    return set_command(device, COMMAND_MEMORY | COMMAND_MASTER);
}

enum problem device_find(struct device *device)
{
    const enum problem problem = check_identity(device);
    return problem != PROBLEM_NONE ? problem : find_capabilities(device);
}

enum problem device_program(const struct machine *machine, struct device *device)
{
    enum problem problem = device_find(device);
    if (problem == PROBLEM_NONE)
        problem = switch_on(machine, device);
    if (problem != PROBLEM_NONE)
        device_quiet(device);
    return problem;
}

bool device_idle(const struct device *device)
{
    if (device->capabilities.pcie == 0 || device_answers(device) != PROBLEM_NONE)
        return true;
    return (page_read(device->page, device->capabilities.pcie + (uint32_t)PCIE_DEVICE_CONTROL) &
            PCIE_PENDING) == 0;
}

bool device_reset(const struct device *device)
{
    const uint32_t at = device->capabilities.pcie;
    if (at == 0 || device_answers(device) != PROBLEM_NONE ||
        (page_read(device->page, at + PCIE_DEVICE_CAPABILITIES) & PCIE_HAS_FLR) == 0)
        return false;
    page_write(device->page, at + PCIE_DEVICE_CONTROL, PCIE_FLR);
    return true;
}
