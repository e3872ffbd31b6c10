/* The 8254: channel 0 counts, read-back latches, channel 2 is gated and seen through port 0x61. [i8254]. */
#include <guest.h>

static uint16_t latch(uint8_t channel)
{
    out8(0x43, (uint8_t)(channel << 6));
    const uint16_t low = in8((uint16_t)(0x40 + channel));
    return (uint16_t)(low | in8((uint16_t)(0x40 + channel)) << 8);
}

static void test_counting(void)
{
    out8(0x43, 0x34); /* channel 0, both bytes, mode 2 */
    out8(0x40, 0xff);
    out8(0x40, 0xff);
    const uint16_t first = latch(0);
    bool moved = false;
    for (unsigned spin = 0; spin < 1000000 && !moved; spin++)
        moved = latch(0) != first;
    expect(moved, "channel 0 counts");
}

/* How kernels measure the TSC: channel 2 in mode 0, its output in bit 5 of port 0x61. */
static void test_channel_2(void)
{
    out8(0x61, (uint8_t)((in8(0x61) & ~2u) | 1u));
    out8(0x43, 0xb0);
    out8(0x42, 0x9c); /* 11932 ticks: 10 ms */
    out8(0x42, 0x2e);
    expect((in8(0x61) & 0x20) == 0, "the output starts low");
    const uint64_t start = rdtsc();
    unsigned spins = 0;
    while ((in8(0x61) & 0x20) == 0 && spins < 100000000)
        spins++;
    print_value("ticks of the TSC in 10 ms", rdtsc() - start);
    expect((in8(0x61) & 0x20) != 0, "the output rises at the end of the count");
}

void test(void)
{
    test_counting();
    test_channel_2();
}
