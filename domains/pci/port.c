#include "port.h"

#include "registers.h"

static enum problem set(const struct device *device, uint32_t offset, uint32_t mask, uint32_t value)
{
    page_write(device->port_page, offset, value);
    const uint32_t found = page_read(device->port_page, offset);
    return (found & mask) == (value & mask)
               ? PROBLEM_NONE
               : problem_report(device->name, PROBLEM_REGISTER, (uint64_t)offset << 32 | found, value);
}

void port_quiet(const struct device *device)
{
    page_write(device->port_page, CONFIG_COMMAND, COMMAND_NO_INTX);
}

static enum problem check_port(const struct device *device)
{
    const uint32_t identity = page_read(device->port_page, CONFIG_IDENTITY);
    const uint32_t class_code = page_read(device->port_page, CONFIG_CLASS) >> 16;
    const uint32_t header = page_read(device->port_page, CONFIG_HEADER) >> HEADER_SHIFT & HEADER_TYPE;
    if ((identity & VENDOR_MASK) == VENDOR_NONE)
        return problem_report(device->name, PROBLEM_ROOT_PORT, identity, CLASS_PCI_BRIDGE);
    if (header != HEADER_BRIDGE)
        return problem_report(device->name, PROBLEM_ROOT_PORT, header, HEADER_BRIDGE);
    if (class_code != CLASS_PCI_BRIDGE)
        return problem_report(device->name, PROBLEM_ROOT_PORT, class_code, CLASS_PCI_BRIDGE);
    return PROBLEM_NONE;
}

static enum problem find_capabilities(struct device *device)
{
    struct capabilities *const found = &device->port_capabilities;
    const enum problem problem = capabilities_find(device->name, device->port_page, found);
    if (problem != PROBLEM_NONE)
        return problem;
    if (found->pcie == 0 || found->pcie + PCIE_PORT_BYTES > CONFIG_BYTES)
        return problem_report(device->name, PROBLEM_CAPABILITY, found->pcie, CAP_PCIE);
    const uint32_t flags = page_read(device->port_page, found->pcie + (uint32_t)PCIE_FLAGS);
    if ((flags >> PCIE_PORT_SHIFT & PCIE_PORT) != PCIE_PORT_ROOT)
        return problem_report(device->name, PROBLEM_ROOT_PORT, flags >> PCIE_PORT_SHIFT & PCIE_PORT,
                              PCIE_PORT_ROOT);
    if (found->acs == 0)
        return problem_report(device->name, PROBLEM_CAPABILITY, 0, EXT_ACS);
    return PROBLEM_NONE;
}

/* The ports' own region goes to address 0, which is memory: no request for it leaves the root complex. */
static enum problem set_windows(const struct device *device)
{
    const uint32_t base = device->window, end = base + BAR_WINDOW_BYTES - 1;
    const uint32_t bus = device->source >> 8;
    const struct {
        uint32_t offset, mask, value;
    } words[] = {
        {CONFIG_BAR0, ~(uint32_t)BAR_FLAGS, 0},
        {CONFIG_BAR0 + 4, ~(uint32_t)BAR_FLAGS, 0},
        {BRIDGE_BUSES, 0xffffff, (uint32_t)device->port >> 8 | bus << 8 | bus << 16},
        {BRIDGE_MEMORY, 0xfff0fff0, base >> 16 | (end & 0xfff00000)},
        {BRIDGE_PREFETCH, 0xfff0fff0, BRIDGE_PREFETCH_CLOSED},
        {BRIDGE_PREFETCH_BASE_HIGH, UINT32_MAX, 0},
        {BRIDGE_PREFETCH_LIMIT_HIGH, UINT32_MAX, 0},
    };
    enum problem problem = PROBLEM_NONE;
    for (unsigned index = 0; index < sizeof(words) / sizeof(words[0]) && problem == PROBLEM_NONE; index++)
        problem = set(device, words[index].offset, words[index].mask, words[index].value);
    /* I/O decoding is off as well; a port without a window for ports reads zeros here. */
    page_write(device->port_page, BRIDGE_IO, BRIDGE_IO_CLOSED);
    return problem;
}

/* Source validation stops a device that speaks for another, translation blocking one that claims to have translated, and the
 * redirects send every request to the IOMMU. */
static enum problem set_access_control(const struct device *device, const struct capabilities *has)
{
    const uint32_t at = has->acs + (uint32_t)ACS_CONTROL, wanted = (uint32_t)ACS_WANTED << ACS_CONTROL_SHIFT;
    const uint32_t offered = page_read(device->port_page, at) & ACS_WANTED;
    if (offered != ACS_WANTED)
        return problem_report(device->name, PROBLEM_ACS, offered, ACS_WANTED);
    return set(device, at, UINT32_C(0xffff) << ACS_CONTROL_SHIFT, wanted);
}

/* Errors are collected for whoever asks; they interrupt nobody. */
static void set_reports(const struct device *device, const struct capabilities *has)
{
    page_write(device->port_page, has->pcie + (uint32_t)PCIE_DEVICE_CONTROL,
               PCIE_REPORT_ERRORS | PCIE_READ_512);
    page_write(device->port_page, has->pcie + (uint32_t)PCIE_DEVICE_CONTROL_2, 0);
    page_write(device->port_page, has->pcie + (uint32_t)PCIE_ROOT_CONTROL, PCIE_ROOT_RETRY_VISIBLE);
    if (has->aer != 0 && has->aer + AER_ROOT_BYTES <= CONFIG_PAGE_BYTES)
        page_write(device->port_page, has->aer + (uint32_t)AER_ROOT_COMMAND, 0);
}

static enum problem clear(const struct device *device, uint16_t capability, uint32_t bit)
{
    return capability == 0 ? PROBLEM_NONE
                           : set(device, capability, bit, page_read(device->port_page, capability) & ~bit);
}

/* Into reset or out of it, with error messages let through and everything old (VGA, ISA) off. */
static uint32_t bridge_control(const struct device *device, bool reset)
{
    const uint32_t lines = page_read(device->port_page, CONFIG_INTERRUPT) & 0xffff;
    const uint32_t control = (uint32_t)BRIDGE_CONTROL_SERR | (reset ? (uint32_t)BRIDGE_CONTROL_RESET : 0);
    return lines | control << BRIDGE_CONTROL_SHIFT;
}

enum problem port_find(struct device *device)
{
    const enum problem problem = check_port(device);
    return problem != PROBLEM_NONE ? problem : find_capabilities(device);
}

static enum problem set_port(struct device *device)
{
    const struct capabilities *const has = &device->port_capabilities;
    const uint32_t decode = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX;
    const uint32_t on = COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTX;
    enum problem problem;
    if ((problem = port_find(device)) != PROBLEM_NONE ||
        (problem = set(device, CONFIG_COMMAND, decode, COMMAND_NO_INTX)) != PROBLEM_NONE ||
        (problem = set_windows(device)) != PROBLEM_NONE ||
        (problem = set_access_control(device, has)) != PROBLEM_NONE ||
        (problem = clear(device, has->msi, MSI_ENABLE)) != PROBLEM_NONE ||
        (problem = clear(device, has->msix, MSIX_ENABLE)) != PROBLEM_NONE)
        return problem;
    set_reports(device, has);
    problem = set(device, CONFIG_INTERRUPT, (uint32_t)BRIDGE_CONTROL_RESET << BRIDGE_CONTROL_SHIFT,
                  bridge_control(device, false));
    return problem != PROBLEM_NONE ? problem : set(device, CONFIG_COMMAND, decode, on);
}

enum problem port_program(struct device *device)
{
    const enum problem problem = set_port(device);
    if (problem != PROBLEM_NONE)
        port_quiet(device);
    return problem;
}

void port_hold_reset(const struct device *device, bool held)
{
    page_write(device->port_page, CONFIG_INTERRUPT, bridge_control(device, held));
}

bool port_holds_reset(const struct device *device)
{
    const uint32_t control = page_read(device->port_page, CONFIG_INTERRUPT) >> BRIDGE_CONTROL_SHIFT;
    return (control & BRIDGE_CONTROL_RESET) != 0;
}
