/* The clock chip: seconds in range, "no update in progress" most of the time, status B writable, index 0x0d says the
 * battery is good. [MC146818]. */
#include <guest.h>

static uint8_t cmos(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

static uint8_t decimal(uint8_t value, bool binary)
{
    return binary ? value : (uint8_t)((value >> 4) * 10 + (value & 15));
}

void test(void)
{
    const bool binary = (cmos(0x0b) & 4) != 0;
    unsigned quiet = 0;
    for (unsigned look = 0; look < 1000; look++)
        quiet += (cmos(0x0a) & 0x80) == 0;
    expect(quiet > 500, "an update is not always in progress");
    expect(decimal(cmos(0), binary) < 60, "seconds");
    expect(decimal(cmos(2), binary) < 60, "minutes");
    expect(decimal(cmos(7), binary) >= 1 && decimal(cmos(7), binary) <= 31, "day");
    expect(decimal(cmos(8), binary) >= 1 && decimal(cmos(8), binary) <= 12, "month");
    expect((cmos(0x0d) & 0x80) != 0, "the battery is good");
    for (unsigned index = 0; index < 256; index++)
        (void)cmos((uint8_t)index);
}
