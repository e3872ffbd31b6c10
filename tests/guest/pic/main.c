/* The 8259 pair: initialisation, masks, and the PIT's interrupt through it in the old way. [i8259A]. */
#include <apic.h>

static volatile unsigned ticks;

static void on_pit(void)
{
    ticks++;
    out8(0x20, 0x20);
}

static void init_pair(void)
{
    out8(0x20, 0x11);
    out8(0xa0, 0x11);
    out8(0x21, 0x60);
    out8(0xa1, 0x68);
    out8(0x21, 0x04);
    out8(0xa1, 0x02);
    out8(0x21, 0x01);
    out8(0xa1, 0x01);
}

void test(void)
{
    apic_open(APIC_PAGE);
    apic_write(APIC_LINT0, 0x700); /* ExtINT */
    init_pair();
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    expect_equal(in8(0x21), 0xff, "the mask reads back");
    out8(0x21, 0xa5);
    expect_equal(in8(0x21), 0xa5, "and again");
    interrupt_set(0x60, on_pit);
    interrupt_set(0x67, on_pit); /* spurious */
    out8(0x43, 0x34);
    out8(0x40, 0xa9); /* 1193: 1 ms */
    out8(0x40, 0x04);
    out8(0x21, 0xfe);
    for (unsigned wakes = 0; wakes < 100 && ticks < 5; wakes++)
        wait_for_interrupt();
    out8(0x21, 0xff);
    expect(ticks >= 5, "the PIT interrupts through the PIC");
}
