/* All 65,536 ports, read and written in every width; those below 0x1000, where the devices are, with three values each,
 * the others with one of the three. Ports without a device float: reads give all ones, writes are
 * dropped; none may disturb the VMM. Left out of the writes: the serial port in use, debug-exit, and those that
 * switch the machine off or reset it (keyboard controller, fast A20 gate, 0xcf9, ACPI PM). */
#include <guest.h>

enum { PORTS = 65536, DEVICE_PORTS = 0x1000, VALUES = 3 };

static bool spared(unsigned port)
{
    return (port >= 0x3f8 - 3 && port < 0x400) || (port >= 0xf4 - 3 && port < 0xf8) ||
           (port >= 0x5d && port <= 0x64) || (port >= 0x8f && port <= 0x92) ||
           (port >= 0xcf5 && port < 0xd00) || (port >= 0x5fd && port < 0x640) ||
           (port >= 0xb000 - 3 && port < 0xb040);
}

static void read_all(void)
{
    unsigned floating = 0;
    for (unsigned port = 0; port < PORTS; port++) {
        if (port < 0x3f8 || port >= 0x400)
            floating += in8((uint16_t)port) == 0xff;
        (void)in16((uint16_t)port);
        (void)in32((uint16_t)port);
    }
    print_value("floating", floating);
    expect(floating > 60000, "unused ports float");
}

static void write_one(unsigned port, uint32_t value)
{
    out8((uint16_t)port, (uint8_t)value);
    out16((uint16_t)port, (uint16_t)value);
    out32((uint16_t)port, value);
}

static void write_all(void)
{
    static const uint32_t values[VALUES] = {0, 0xffffffff, 0x55aa55aa};
    for (unsigned round = 0; round < VALUES; round++)
        for (unsigned port = 0; port < PORTS; port++)
            if (!spared(port) && (port < DEVICE_PORTS || port % VALUES == round))
                write_one(port, values[round]);
}

void test(void)
{
    read_all();
    write_all();
}
