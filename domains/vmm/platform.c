#include "platform.h"

#define IOAPIC_PIT_PIN 2u

static const struct port_range ports[] = {
    {PIC_MASTER_PORT, PIC_MASTER_PORT + 1, PORT_PIC, "8259A, first"},
    {PIT_PORT_FIRST, PIT_PORT_LAST, PORT_PIT, "8254"},
    {PM_PORT_KEYBOARD_DATA, PM_PORT_KEYBOARD_DATA, PORT_PM_LEGACY, "keyboard data: absent"},
    {PIT_PORT_61, PIT_PORT_61, PORT_PIT_61, "gate and output of 8254 channel 2"},
    {PM_PORT_KEYBOARD, PM_PORT_KEYBOARD, PORT_PM_LEGACY, "keyboard command: reset pulse"},
    {RTC_PORT_INDEX, RTC_PORT_DATA, PORT_RTC, "MC146818"},
    {0x80, 0x80, PORT_IGNORED, "POST code"},
    {PM_PORT_FAST_A20, PM_PORT_FAST_A20, PORT_PM_LEGACY, "fast A20 and reset"},
    {PIC_SLAVE_PORT, PIC_SLAVE_PORT + 1, PORT_PIC, "8259A, second"},
    {0xed, 0xed, PORT_IGNORED, "I/O delay"},
    {UART_PORT_FIRST, UART_PORT_LAST, PORT_UART, "16550A"},
    {PIC_ELCR_PORT, PIC_ELCR_PORT + 1, PORT_ELCR, "8259A edge/level control"},
    {PM_PORT_FIRST, PM_PORT_LAST, PORT_PM, "ACPI PM1a and PM timer"},
    {PCI_PORT_ADDRESS, PCI_PORT_DATA + 3, PORT_PCI, "PCI configuration"},
    {PM_PORT_RESET, PM_PORT_RESET, PORT_PM_LEGACY, "reset control"},
};

const struct port_range *platform_ports(size_t *count)
{
    *count = ARRAY_COUNT(ports);
    return ports;
}

void platform_init(struct platform *platform, const struct platform_options *options)
{
    *platform = (struct platform){0};
    uart_init(&platform->uart);
    lapic_init(&platform->lapic);
    ioapic_init(&platform->ioapic);
    pic_init(&platform->pic);
    pit_init(&platform->pit, 0);
    rtc_init(&platform->rtc, options->boot_s, options->ram_below_4g, options->ram_above_4g);
    pm_init(&platform->pm);
    for (size_t i = 0; i < ARRAY_COUNT(ports); i++) {
        for (uint32_t port = ports[i].first; port <= ports[i].last; port++) {
            platform->port[port] = (uint8_t)ports[i].device;
        }
    }
    bus_init(&platform->bus, options->memory, &platform->lapic,
             (struct port_map){platform->port, PORT_UNKNOWN, PORT_VIRTIO});
    if (options->debug_exit_port != 0) {
        platform->debugexit.port = options->debug_exit_port;
        platform->port[options->debug_exit_port] = PORT_DEBUG_EXIT;
    }
}

static void note_unknown_port(struct platform *platform, uint16_t port)
{
    platform->unknown_ports++;
    platform->last_unknown_port = port;
}

uint8_t platform_in_byte(struct platform *platform, uint16_t port, uint64_t now_ns)
{
    switch ((enum port_device)platform->port[port]) {
    case PORT_UART:
        return uart_read(&platform->uart, port - UART_PORT_FIRST);
    case PORT_PIC:
        return pic_read(&platform->pic, port >= PIC_SLAVE_PORT, port & 1u);
    case PORT_ELCR:
        return pic_read_elcr(&platform->pic, (port & 1u) != 0);
    case PORT_PIT:
        return pit_read(&platform->pit, port - PIT_PORT_FIRST, now_ns);
    case PORT_PIT_61:
        return pit_read_61(&platform->pit, now_ns);
    case PORT_RTC:
        return rtc_read(&platform->rtc, port - RTC_PORT_INDEX, now_ns);
    case PORT_PM:
        return pm_read(&platform->pm, port - PM_PORT_FIRST, now_ns);
    case PORT_PM_LEGACY:
        return pm_read_legacy(&platform->pm, port);
    case PORT_PCI:
        return bus_config_in_byte(&platform->bus, port - PCI_PORT_ADDRESS);
    case PORT_VIRTIO:
        return bus_port_in_byte(&platform->bus, port);
    case PORT_IGNORED:
        return 0xff;
    case PORT_UNKNOWN:
    case PORT_DEBUG_EXIT:
    case PORT_DEVICES:
        note_unknown_port(platform, port);
        return 0xff;
    }
    return 0xff;
}

static void write_byte(struct platform *platform, uint16_t port, uint8_t value, uint64_t now_ns)
{
    switch ((enum port_device)platform->port[port]) {
    case PORT_UART:
        uart_write(&platform->uart, port - UART_PORT_FIRST, value);
        return;
    case PORT_PIC:
        pic_write(&platform->pic, port >= PIC_SLAVE_PORT, port & 1u, value);
        return;
    case PORT_ELCR:
        pic_write_elcr(&platform->pic, (port & 1u) != 0, value);
        return;
    case PORT_PIT:
        pit_write(&platform->pit, port - PIT_PORT_FIRST, value, now_ns);
        return;
    case PORT_PIT_61:
        pit_write_61(&platform->pit, value, now_ns);
        return;
    case PORT_RTC:
        rtc_write(&platform->rtc, port - RTC_PORT_INDEX, value);
        return;
    case PORT_PM:
        pm_write(&platform->pm, port - PM_PORT_FIRST, value);
        return;
    case PORT_PM_LEGACY:
        pm_write_legacy(&platform->pm, port, value);
        return;
    case PORT_DEBUG_EXIT:
        debugexit_write(&platform->debugexit, value);
        return;
    case PORT_PCI: /* whole accesses go to the bus, and their bytes do not come here */
    case PORT_VIRTIO:
    case PORT_IGNORED:
        return;
    case PORT_UNKNOWN:
    case PORT_DEVICES:
        note_unknown_port(platform, port);
        return;
    }
}

/* Ports wrap within 16 bits, as on the bus. */
uint32_t platform_in(struct platform *platform, uint16_t port, unsigned size_bytes, uint64_t now_ns)
{
    if (size_bytes == 1) {
        return platform_in_byte(platform, port, now_ns);
    }
    if (platform->port[port] == PORT_PCI) {
        return bus_config_in(&platform->bus, port - PCI_PORT_ADDRESS, size_bytes);
    }
    if (platform->port[port] == PORT_VIRTIO) {
        return bus_port_in(&platform->bus, port, size_bytes);
    }
    if (port == PM_PORT_TIMER && size_bytes == 4) {
        return pm_timer(now_ns);
    }
    uint32_t value = 0;
    for (unsigned i = 0; i < size_bytes; i++) {
        value |= (uint32_t)platform_in_byte(platform, (uint16_t)(port + i), now_ns) << (8 * i);
    }
    return value;
}

void platform_out(struct platform *platform, uint16_t port, unsigned size_bytes, uint32_t value,
                  uint64_t now_ns)
{
    if (platform->port[port] == PORT_PCI) {
        bus_config_out(&platform->bus, port - PCI_PORT_ADDRESS, size_bytes, value);
        return;
    }
    if (platform->port[port] == PORT_VIRTIO) {
        bus_port_out(&platform->bus, port, size_bytes, value);
        return;
    }
    if (platform->port[port] == PORT_DEBUG_EXIT) {
        debugexit_write(&platform->debugexit, value);
        return;
    }
    for (unsigned i = 0; i < size_bytes; i++) {
        write_byte(platform, (uint16_t)(port + i), (uint8_t)(value >> (8 * i)), now_ns);
    }
}

static bool is_apic_page(const struct platform *platform, uint64_t address)
{
    const struct lapic *lapic = &platform->lapic;
    return (address & ~UINT64_C(0xfff)) == LAPIC_PAGE && lapic_enabled(lapic) && !lapic_is_x2apic(lapic);
}

static void note_unknown_memory(struct platform *platform, gpa_t address)
{
    platform->unknown_memory++;
    platform->last_unknown_address = address.value;
}

/* Registers are 32 bits wide; narrower loads see their part of it, as the emulators do. */
uint64_t platform_load(struct platform *platform, gpa_t address, unsigned size_bytes, uint64_t now_ns)
{
    uint32_t offset = (uint32_t)address.value & 0xffcu, word;
    uint64_t wide;
    unsigned shift = 8 * ((unsigned)address.value & 3u);
    if (is_apic_page(platform, address.value)) {
        word = offset % 16 == 0 ? lapic_read(&platform->lapic, offset, now_ns) : 0;
    } else if ((address.value & ~UINT64_C(0xfff)) == IOAPIC_PAGE) {
        word = ioapic_read(&platform->ioapic, offset);
    } else if (bus_load(&platform->bus, address.value, size_bytes, &wide)) {
        return wide;
    } else {
        note_unknown_memory(platform, address);
        return mask_bytes(size_bytes);
    }
    return (uint64_t)word >> shift & mask_bytes(size_bytes);
}

static void after_apic_write(struct platform *platform, enum lapic_effect effect, uint8_t vector)
{
    switch (effect) {
    case LAPIC_EFFECT_EOI_LEVEL:
        ioapic_end(&platform->ioapic, vector);
        return;
    case LAPIC_EFFECT_NONE:
    case LAPIC_EFFECT_TIMER:
        return;
    }
}

/* A store that is not a whole aligned register is ignored and counted ([SDM-2023-09] Vol 3A 11.4.1: undefined). */
void platform_store(struct platform *platform, gpa_t address, unsigned size_bytes, uint64_t value,
                    uint64_t now_ns)
{
    uint32_t offset = (uint32_t)address.value & 0xfffu;
    uint8_t vector = 0;
    if (is_apic_page(platform, address.value) && offset % 16 == 0 && size_bytes >= 4) {
        enum lapic_effect effect = lapic_write(&platform->lapic, offset, (uint32_t)value, now_ns, &vector);
        after_apic_write(platform, effect, vector);
    } else if ((address.value & ~UINT64_C(0xfff)) == IOAPIC_PAGE && (offset == 0 || size_bytes >= 4)) {
        ioapic_write(&platform->ioapic, offset, (uint32_t)value);
    } else if (!bus_store(&platform->bus, address.value, size_bytes, value)) {
        note_unknown_memory(platform, address);
    }
}

bool platform_write_apic_msr(struct platform *platform, uint32_t msr, uint64_t value, uint64_t now_ns)
{
    enum lapic_effect effect;
    uint8_t vector = 0;
    if (!lapic_write_msr(&platform->lapic, msr, value, now_ns, &vector, &effect)) {
        return false;
    }
    after_apic_write(platform, effect, vector);
    return true;
}

void platform_expire(struct platform *platform, uint64_t now_ns, uint64_t guest_tsc)
{
    lapic_expire(&platform->lapic, now_ns, guest_tsc);
    pit_expire(&platform->pit, now_ns);
}

uint64_t platform_deadline(const struct platform *platform)
{
    return min_u64(platform->lapic.expiry_ns, pit_deadline(&platform->pit));
}

static void carry_lines(struct platform *platform)
{
    bool uart = uart_irq(&platform->uart);
    pic_set_line(&platform->pic, UART_IRQ, uart);
    ioapic_set_line(&platform->ioapic, UART_IRQ, uart);
    if (pit_take_edge(&platform->pit)) {
        /* The 8259 drops a request whose line falls before the acknowledge, so it stays up until the next edge. */
        pic_set_line(&platform->pic, PIT_IRQ, false);
        pic_set_line(&platform->pic, PIT_IRQ, true);
        ioapic_set_line(&platform->ioapic, IOAPIC_PIT_PIN, false);
        ioapic_set_line(&platform->ioapic, IOAPIC_PIT_PIN, true);
    }
}

enum offered platform_interrupt(struct platform *platform, uint8_t *vector)
{
    carry_lines(platform);
    ioapic_deliver(&platform->ioapic, &platform->lapic);
    if (pic_pending(&platform->pic) && lapic_accepts_extint(&platform->lapic)) {
        *vector = pic_peek(&platform->pic);
        return OFFERED_PIC;
    }
    int pending = lapic_pending(&platform->lapic);
    if (pending < 0) {
        return OFFERED_NONE;
    }
    *vector = (uint8_t)pending;
    lapic_lend_eoi(&platform->lapic, *vector);
    return OFFERED_LAPIC;
}

void platform_delivered(struct platform *platform, enum offered offered, uint8_t vector)
{
    switch (offered) {
    case OFFERED_NONE:
        return;
    case OFFERED_LAPIC:
        lapic_delivered(&platform->lapic, vector);
        return;
    case OFFERED_PIC:
        (void)pic_acknowledge(&platform->pic);
        return;
    }
}
