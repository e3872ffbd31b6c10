/* A sequence of port, memory and APIC accesses with time going by: five bytes each. No device may reach outside
 * itself, lose the clock, or offer an interrupt that was not asked for. */
#include <stdlib.h>
#include <string.h>

#include "msr.h"
#include "platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct step {
    uint8_t kind;
    uint8_t low, high;
    uint8_t value, time;
};

static const uint16_t busy_ports[] = {0x20,  0x21,  0x40,  0x42,  0x43,  0x61,  0x64,  0x70,
                                      0x71,  0xa0,  0xa1,  0xcf8, 0xcf9, 0xcfc, 0x3f8, 0x3f9,
                                      0x3fa, 0x3fb, 0x3fc, 0x4d0, 0x600, 0x604, 0x608, 0xf4};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void port_access(struct platform *platform, const struct step *step, uint64_t now)
{
    uint16_t port = (uint16_t)(step->low | step->high << 8);
    unsigned size = 1u << (step->kind >> 3) % 3;
    if ((step->kind & 0x80) != 0) {
        port = busy_ports[step->low % ARRAY_COUNT(busy_ports)];
    }
    if ((step->kind & 0x40) != 0) {
        require(platform_in(platform, port, size, now) <= mask_bytes(size));
    } else {
        platform_out(platform, port, size, step->value * UINT32_C(0x01010101), now);
    }
}

static void memory_access(struct platform *platform, const struct step *step, uint64_t now)
{
    uint64_t page = (step->high & 0x80) != 0 ? LAPIC_PAGE : IOAPIC_PAGE;
    unsigned size = 1u << (step->kind >> 3) % 4;
    gpa_t address = gpa(page + (step->low | (step->high & 0xfu) << 8));
    if ((step->kind & 0x40) != 0) {
        require((platform_load(platform, address, size, now) & ~mask_bytes(size)) == 0);
    } else {
        platform_store(platform, address, size, step->value * UINT64_C(0x0101010101010101), now);
    }
}

static void register_access(struct platform *platform, const struct step *step, uint64_t now)
{
    uint32_t msr = LAPIC_MSR_FIRST + step->low;
    uint64_t value = step->value * UINT64_C(0x0000010001000001) ^ step->high;
    if ((step->kind & 0x40) != 0) {
        (void)lapic_read_msr(&platform->lapic, msr, now, &value);
    } else if ((step->kind & 0x20) != 0) {
        (void)lapic_write_base(&platform->lapic, LAPIC_PAGE | (uint64_t)step->value << 8);
    } else if ((step->kind & 0x10) != 0) {
        lapic_write_tsc_deadline(&platform->lapic, value);
    } else {
        (void)platform_write_apic_msr(platform, msr, value, now);
    }
}

static void deliver(struct platform *platform)
{
    uint8_t vector = 0, again = 0;
    enum offered offered = platform_interrupt(platform, &vector);
    require(platform_interrupt(platform, &again) == offered && again == vector);
    platform_delivered(platform, offered, vector);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct platform platform;
    struct platform_options options = {
        .boot_s = 1767225600, .ram_below_4g = UINT64_C(256) << 20, .debug_exit_port = 0xf4};
    uint64_t now = 0;
    platform_init(&platform, &options);
    for (; len >= sizeof(struct step); data += sizeof(struct step), len -= sizeof(struct step)) {
        struct step step;
        memcpy(&step, data, sizeof step);
        now += (uint64_t)step.time << (step.time & 31);
        switch (step.kind & 3) {
        case 0:
            port_access(&platform, &step, now);
            break;
        case 1:
            memory_access(&platform, &step, now);
            break;
        case 2:
            register_access(&platform, &step, now);
            break;
        default:
            uart_receive(&platform.uart, step.value);
            break;
        }
        platform_expire(&platform, now, now);
        require(platform_deadline(&platform) > now);
        deliver(&platform);
        if (uart_tx_count(&platform.uart) != 0) {
            (void)uart_transmit(&platform.uart);
        }
    }
    return 0;
}
