#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>
#include <panic.h>

struct model model;

enum { HOST, LPC, SATA, PORT_A, PORT_B, NVME, NIC, BRIDGE, STRAY, USUAL };
struct model_function
    *const model_host = &model.functions[HOST],
           *const model_lpc = &model.functions[LPC], *const model_sata = &model.functions[SATA],
           *const model_port_a = &model.functions[PORT_A], *const model_port_b = &model.functions[PORT_B],
           *const model_nvme = &model.functions[NVME], *const model_nic = &model.functions[NIC],
           *const model_bridge = &model.functions[BRIDGE], *const model_stray = &model.functions[STRAY];

enum { PCIEXBAR = 0x60, READY_US = 100000, PM_AT = 0x40, PCIE_AT = 0x60, MSIX_AT = 0xa0, MSI_AT = 0xb0 };

static void violated(const char *what)
{
    fprintf(stderr, "model: %s\n", what);
    abort();
}

/* Formatted, so that the sanitizers see it, and not printed: a failing test's output is short. */
void log_line(const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
}

_Noreturn void panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}

static uint32_t get(const uint8_t *bytes, uint32_t offset)
{
    uint32_t value;
    memcpy(&value, bytes + offset, 4);
    return value;
}

static void put(uint8_t *bytes, uint32_t offset, uint32_t value)
{
    memcpy(bytes + offset, &value, 4);
}

uint32_t model_get(const struct model_function *function, uint32_t offset)
{
    return get(function->space, offset);
}

void model_put(struct model_function *function, uint32_t offset, uint32_t value)
{
    put(function->space, offset, value);
    put(function->power_on, offset, value);
}

void model_allow(struct model_function *function, uint32_t offset, uint32_t bits)
{
    put(function->writable, offset, bits);
}

void model_clears(struct model_function *function, uint32_t offset, uint32_t bits)
{
    put(function->clears, offset, bits);
}

uint32_t model_capability(const struct model_function *function, uint32_t number)
{
    uint32_t at = model_get(function, CONFIG_CAPABILITIES);
    while (at != 0 && function->space[at] != number)
        at = function->space[at + 1];
    return at;
}

uint32_t model_extended(const struct model_function *function, uint32_t number)
{
    uint32_t at = EXT_FIRST;
    while (at != 0 && (model_get(function, at) & 0xffff) != number)
        at = model_get(function, at) >> 20;
    return at;
}

/* Who answers on @bus, @devfn. A bridge passes on what has its secondary bus's number. */
static struct model_function *route(uint16_t bdf)
{
    for (unsigned index = 0; index < model.count; index++) {
        struct model_function *const function = &model.functions[index];
        const struct model_function *const parent = function->parent;
        const uint32_t bus = parent != NULL ? model_get(parent, BRIDGE_BUSES) >> 8 & 0xff : 0;
        if (function->devfn != (bdf & 0xff) || bus != bdf >> 8 || (parent != NULL && bus == 0) ||
            function->gone)
            continue;
        return function;
    }
    return NULL;
}

static bool in_reset(const struct model_function *function)
{
    return function->parent != NULL &&
           (model_get(function->parent, CONFIG_INTERRUPT) >> BRIDGE_CONTROL_SHIFT & BRIDGE_CONTROL_RESET) !=
               0;
}

static bool awake(const struct model_function *function)
{
    if (in_reset(function) || model.now_us < function->ready_us) {
        model.hurried++;
        return false;
    }
    return true;
}

static uint32_t config_read(uint16_t bdf, uint32_t offset)
{
    struct model_function *const function = route(bdf);
    if (offset % 4 != 0 || offset >= CONFIG_PAGE_BYTES)
        violated("a read outside the function");
    if (function == NULL || !awake(function))
        return UINT32_MAX;
    if (function->wakes_slowly)
        return offset == 0 ? 0xffff0001 : UINT32_MAX;
    const uint32_t pcie = model_capability(function, CAP_PCIE);
    uint32_t value = model_get(function, offset);
    if (pcie != 0 && offset == pcie + PCIE_DEVICE_CONTROL && function->pending > 0) {
        function->pending--;
        value |= PCIE_PENDING;
    }
    return value;
}

static void reset(struct model_function *function)
{
    memcpy(function->space, function->power_on, sizeof(function->space));
    memset(function->table, 0, sizeof(function->table));
    function->ready_us = model.now_us + READY_US;
    function->resets++;
}

static void bridge_control(struct model_function *bridge, uint32_t before, uint32_t after)
{
    const uint32_t bit = (uint32_t)BRIDGE_CONTROL_RESET << BRIDGE_CONTROL_SHIFT;
    if ((before & bit) == 0 && (after & bit) != 0)
        bridge->reset_us = model.now_us;
    if ((before & bit) == 0 || (after & bit) != 0)
        return;
    model.hurried += model.now_us - bridge->reset_us < 1000;
    for (unsigned index = 0; index < model.count; index++)
        if (model.functions[index].parent == bridge)
            reset(&model.functions[index]);
}

static void after_write(struct model_function *function, uint32_t offset, uint32_t before, uint32_t value)
{
    const uint32_t pcie = model_capability(function, CAP_PCIE);
    const bool bridge = (function->space[CONFIG_HEADER + 2] & HEADER_TYPE) == HEADER_BRIDGE;
    if (bridge && offset == CONFIG_INTERRUPT)
        bridge_control(function, before, model_get(function, offset));
    if (!bridge && pcie != 0 && offset == pcie + PCIE_DEVICE_CONTROL && (value & PCIE_FLR) != 0 &&
        (model_get(function, pcie + PCIE_DEVICE_CAPABILITIES) & PCIE_HAS_FLR) != 0)
        reset(function);
}

static void config_write(uint16_t bdf, uint32_t offset, uint32_t value)
{
    struct model_function *const function = route(bdf);
    if (offset % 4 != 0 || offset >= CONFIG_PAGE_BYTES)
        violated("a write outside the function");
    if (function == NULL || !awake(function) || function->wakes_slowly)
        return;
    const uint32_t before = model_get(function, offset);
    const uint32_t writable = get(function->writable, offset), clears = get(function->clears, offset);
    model.touched +=
        function == model_lpc || (function == model_host && offset != PCIEXBAR && offset != PCIEXBAR + 4);
    put(function->space, offset, (before & ~writable & ~(clears & value)) | (value & writable));
    after_write(function, offset, before, value);
}

static bool decodes(const struct model_function *function, uint32_t address, uint32_t *offset)
{
    for (uint32_t number = 0; number < BARS; number++) {
        const uint32_t bits = get(function->writable, CONFIG_BAR0 + 4 * number), bytes = ~bits + 1;
        const uint32_t base = model_get(function, CONFIG_BAR0 + 4 * number) & bits;
        const uint32_t msix = model_capability(function, CAP_MSIX);
        const uint32_t table = model_get(function, msix + MSIX_TABLE);
        if (bits == 0 || bits == UINT32_MAX || base == 0 || address < base || address - base >= bytes ||
            (table & 7) != number)
            continue;
        *offset = address - base - (table & ~7u);
        return true;
    }
    return false;
}

/* The word of a table at a physical address: through the port's window, with decoding on at both. */
static uint32_t *table_word(uint32_t address)
{
    for (unsigned index = 0; index < model.count; index++) {
        struct model_function *const function = &model.functions[index];
        const struct model_function *const port = function->parent;
        uint32_t offset;
        if (port == NULL || function->gone || (model_get(function, CONFIG_COMMAND) & COMMAND_MEMORY) == 0 ||
            (model_get(port, CONFIG_COMMAND) & COMMAND_MEMORY) == 0)
            continue;
        const uint32_t window = model_get(port, BRIDGE_MEMORY);
        if (address < window << 16 || address > (window | 0xfffff) || !decodes(function, address, &offset))
            continue;
        return offset / 4 < function->table_words ? &function->table[offset / 16][offset / 4 % 4] : NULL;
    }
    return NULL;
}

static const struct model_page *page_of(volatile void *page)
{
    model.accesses++;
    return (const struct model_page *)(uintptr_t)page;
}

static bool shown(void)
{
    return model_get(model_host, PCIEXBAR) == (MODEL_ECAM | 1) && model_get(model_host, PCIEXBAR + 4) == 0;
}

uint32_t page_read(volatile void *page, uint32_t offset)
{
    const struct model_page *const what = page_of(page);
    if (what->table) {
        const uint32_t *const word = table_word(what->address + offset);
        return word != NULL ? *word : UINT32_MAX;
    }
    return shown() ? config_read(what->bdf, offset) : UINT32_MAX;
}

void page_write(volatile void *page, uint32_t offset, uint32_t value)
{
    const struct model_page *const what = page_of(page);
    if (what->table) {
        uint32_t *const word = table_word(what->address + offset);
        if (word != NULL)
            *word = value;
    } else if (shown()) {
        config_write(what->bdf, offset, value);
    }
}

uint32_t ports_read(const struct machine *machine, uint16_t bdf, uint32_t offset)
{
    (void)machine;
    if (offset >= CONFIG_BYTES)
        violated("the ports reach 256 bytes");
    return config_read(bdf, offset);
}

void ports_write(const struct machine *machine, uint16_t bdf, uint32_t offset, uint32_t value)
{
    (void)machine;
    if (offset >= CONFIG_BYTES)
        violated("the ports reach 256 bytes");
    config_write(bdf, offset, value);
}

uint64_t machine_now_us(const struct machine *machine)
{
    (void)machine;
    return model.now_us;
}

void machine_rest_us(const struct machine *machine, uint64_t us)
{
    (void)machine;
    model.now_us += us;
}

static struct model_function *add(const struct model_function *parent, uint8_t devfn, uint32_t identity,
                                  uint32_t class_code, uint32_t header)
{
    struct model_function *const function = &model.functions[model.count++];
    function->parent = parent;
    function->devfn = devfn;
    model_put(function, CONFIG_IDENTITY, identity);
    model_put(function, CONFIG_CLASS, class_code << 8);
    model_put(function, CONFIG_HEADER, header << HEADER_SHIFT);
    model_allow(function, CONFIG_COMMAND, 0x547);
    return function;
}

/* Links a capability of the standard list in; @control is what can be written of its word at @word. */
static void capability(struct model_function *function, uint8_t number, uint8_t at, uint32_t upper)
{
    model_put(function, at, number | model_get(function, CONFIG_CAPABILITIES) << 8 | upper << 16);
    model_put(function, CONFIG_CAPABILITIES, at);
    model_put(function, CONFIG_COMMAND, model_get(function, CONFIG_COMMAND) | STATUS_CAPABILITIES);
}

static void extended(struct model_function *function, uint32_t number, uint32_t at, uint32_t next)
{
    model_put(function, at, number | 1u << 16 | next << 20);
}

static void errors(struct model_function *function, uint32_t at)
{
    put(function->clears, at + AER_UNCORRECTABLE, UINT32_MAX);
    put(function->clears, at + AER_CORRECTABLE, UINT32_MAX);
    put(function->clears, at + AER_ROOT_STATUS, UINT32_MAX);
}

static void add_port(uint8_t devfn)
{
    struct model_function *const port = add(NULL, devfn, 0x000c1b36, 0x060400, HEADER_BRIDGE);
    capability(port, CAP_MSIX, MSIX_AT, 0);
    capability(port, CAP_MSI, MSI_AT, 1); /* the firmware left it on */
    capability(port, CAP_PCIE, PCIE_AT, 0x42);
    model_allow(port, MSIX_AT, 0xc0000000);
    model_allow(port, MSI_AT, MSI_ENABLE);
    model_allow(port, PCIE_AT + PCIE_DEVICE_CONTROL, 0x7fff);
    put(port->clears, PCIE_AT + PCIE_DEVICE_CONTROL, PCIE_DETECTED);
    model_allow(port, CONFIG_BAR0, 0xfffff000);
    model_allow(port, BRIDGE_BUSES, 0xffffffff);
    model_allow(port, BRIDGE_MEMORY, 0xfff0fff0);
    model_allow(port, BRIDGE_PREFETCH, 0xfff0fff0);
    model_allow(port, BRIDGE_PREFETCH_BASE_HIGH, 0xffffffff);
    model_allow(port, BRIDGE_PREFETCH_LIMIT_HIGH, 0xffffffff);
    model_allow(port, CONFIG_INTERRUPT, 0xffff00ff);
    extended(port, EXT_AER, 0x100, 0x148);
    errors(port, 0x100);
    extended(port, EXT_ACS, 0x148, 0);
    model_put(port, 0x148 + ACS_CONTROL, 0x5f);
    model_allow(port, 0x148 + ACS_CONTROL, 0x5f0000);
}

static struct model_function *add_device(const struct model_function *port, uint32_t identity,
                                         uint32_t class_code, uint32_t flags)
{
    struct model_function *const device = add(port, 0, identity, class_code, HEADER_DEVICE);
    capability(device, CAP_MSI, MSI_AT, 0);
    capability(device, CAP_POWER, PM_AT, 3);
    capability(device, CAP_PCIE, PCIE_AT, 2);
    model_allow(device, MSI_AT, MSI_ENABLE);
    model_allow(device, PM_AT + POWER_CONTROL, POWER_STATE);
    model_put(device, PCIE_AT + PCIE_DEVICE_CAPABILITIES, flags);
    model_allow(device, PCIE_AT + PCIE_DEVICE_CONTROL, 0x7fff);
    put(device->clears, PCIE_AT + PCIE_DEVICE_CONTROL, PCIE_DETECTED);
    model_allow(device, CONFIG_ROM, 0xfffc0001);
    return device;
}

static void add_nvme(void)
{
    struct model_function *const nvme = add_device(model_port_a, 0x00101b36, 0x010802, PCIE_HAS_FLR);
    capability(nvme, CAP_MSIX, MSIX_AT, 64);
    model_put(nvme, MSIX_AT + MSIX_TABLE, 0x2000);
    model_put(nvme, MSIX_AT + MSIX_PENDING, 0x3000);
    model_allow(nvme, MSIX_AT, 0xc0000000);
    nvme->table_words = 65 * 4;
    model_put(nvme, CONFIG_BAR0, BAR_WIDE);
    model_allow(nvme, CONFIG_BAR0, 0xffffc000);
    model_allow(nvme, CONFIG_BAR0 + 4, 0xffffffff);
    extended(nvme, EXT_ATS, 0x100, 0x110);
    model_put(nvme, 0x104, ATS_ENABLE); /* the firmware left it on */
    model_allow(nvme, 0x104, ATS_ENABLE);
    extended(nvme, EXT_SRIOV, 0x110, 0);
    model_allow(nvme, 0x110 + SRIOV_CONTROL, SRIOV_ENABLE);
}

static void add_nic(void)
{
    struct model_function *const nic = add_device(model_port_b, 0x10d38086, 0x020000, 0);
    capability(nic, CAP_MSIX, MSIX_AT, 4);
    model_put(nic, MSIX_AT + MSIX_TABLE, 0x0003);
    model_put(nic, MSIX_AT + MSIX_PENDING, 0x2003);
    model_allow(nic, MSIX_AT, 0xc0000000);
    nic->table_words = 5 * 4;
    model_allow(nic, CONFIG_BAR0, 0xfffe0000);
    model_allow(nic, CONFIG_BAR0 + 4, 0xfffe0000);
    model_put(nic, CONFIG_BAR0 + 8, BAR_IO);
    model_allow(nic, CONFIG_BAR0 + 8, 0xffffffe0);
    model_allow(nic, CONFIG_BAR0 + 12, 0xffffc000);
    extended(nic, EXT_AER, 0x100, 0);
    errors(nic, 0x100);
}

static void add_undescribed(void)
{
    struct model_function *const bridge = add(NULL, 6 << 3, 0x000e1b36, 0x060400, HEADER_BRIDGE);
    model_put(bridge, BRIDGE_BUSES, 0x010100); /* the number that the first device's bus will get */
    model_allow(bridge, BRIDGE_BUSES, 0xffffff);
    struct model_function *const stray = add(bridge, 3 << 3, 0x100e8086, 0x020000, HEADER_DEVICE);
    model_put(bridge, CONFIG_COMMAND, 7);
    model_put(stray, CONFIG_COMMAND, 7);
}

static volatile void *page_make(uint16_t bdf, bool table, uint32_t address)
{
    struct model_page *const page = &model.pages[model.page_count++];
    *page = (struct model_page){bdf, table, address};
    return page;
}

static void describe_all(void)
{
    static const char text[] = "disk nvme 20 100 e0000000 0\nnet e1000e 28 200 e0200000 1\n";
    if (describe_parse(&model.devices, text, sizeof(text) - 1) != PROBLEM_NONE)
        violated("the description is right");
    for (uint32_t index = 0; index < 2; index++) {
        struct device *const device = &model.devices.device[index];
        device->port_page = page_make(device->port, false, 0);
        device->page = page_make(device->source, false, 0);
        device->msix_page = page_make(0, true, device->window + (index == 0 ? 0x2000 : 0x40000));
        device->message = (struct message_signal){0xfee00010 + 32 * index, 0x4000 + index};
    }
}

void model_add_bridge(uint8_t devfn)
{
    (void)add(NULL, devfn, 0x000e1b36, 0x060400, HEADER_BRIDGE | HEADER_MULTIFUNCTION);
}

void model_start(void)
{
    memset(&model, 0, sizeof(model));
    struct model_function *const host = add(NULL, 0, 0x29c08086, 0x060000, HEADER_DEVICE);
    model_put(host, CONFIG_COMMAND, 6);
    model_put(host, PCIEXBAR, 0x80000001); /* some firmware shows it elsewhere */
    model_allow(host, PCIEXBAR, 0xf0000007);
    model_allow(host, PCIEXBAR + 4, 0xf);
    model_put(add(NULL, 0xf8, 0x29188086, 0x060100, HEADER_DEVICE | HEADER_MULTIFUNCTION), CONFIG_COMMAND, 7);
    model_put(add(NULL, 0xfa, 0x29228086, 0x010601, HEADER_DEVICE | HEADER_MULTIFUNCTION), CONFIG_COMMAND, 7);
    add_port(4 << 3);
    add_port(5 << 3);
    add_nvme();
    add_nic();
    add_undescribed();
    if (model.count != USUAL || model.functions[STRAY].parent != model_bridge)
        violated("the functions stand in their order");
    describe_all();
}
