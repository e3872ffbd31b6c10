/* The IOAPIC: identity, redirection entries, and an edge interrupt (the PIT on pin 2 or 0) through it to the local APIC.
 * [ICH9] 13.5; MADT override: IRQ 0 is often GSI 2. */
#include <apic.h>

enum { PIN_COUNT = 24 };

static volatile uint32_t *const select = (volatile uint32_t *)0xfec00000;
static volatile uint32_t *const window = (volatile uint32_t *)0xfec00010;
static volatile unsigned ticks;

static uint32_t io_read(uint32_t index)
{
    *select = index;
    return *window;
}

static void io_write(uint32_t index, uint32_t value)
{
    *select = index;
    *window = value;
}

static void on_pit(void)
{
    ticks++;
    apic_end_of_interrupt();
}

static void test_pin(unsigned pin)
{
    io_write(0x11 + 2 * pin, 0);
    io_write(0x10 + 2 * pin, 0x50);
    for (unsigned spin = 0; spin < 20000000 && ticks < 5; spin++)
        interrupts_window();
    io_write(0x10 + 2 * pin, 0x10000);
}

void test(void)
{
    apic_open(APIC_PAGE);
    interrupt_set(0x50, on_pit);
    expect((io_read(1) & 0xff) >= 0x11, "its version is plausible");
    expect_equal((io_read(1) >> 16 & 0xff) + 1, PIN_COUNT, "it has 24 pins");
    for (unsigned pin = 0; pin < PIN_COUNT; pin++) {
        io_write(0x11 + 2 * pin, 0);
        io_write(0x10 + 2 * pin, 0x10000 | pin);
        expect_equal(io_read(0x10 + 2 * pin) & 0x100ff, 0x10000 | pin, "a redirection entry reads back");
    }
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    out8(0x43, 0x34);
    out8(0x40, 0xa9);
    out8(0x40, 0x04);
    test_pin(2);
    if (ticks == 0)
        test_pin(0);
    expect(ticks >= 5, "the PIT interrupts through the IOAPIC");
}
