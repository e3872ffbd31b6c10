#include "timebase.h"

#define NS_PER_S UINT64_C(1000000000)
#define HIGH_HALF UINT64_C(0xffffffff00000000)

/* [KVM-MSR] "tsc_to_system_mul" and "tsc_shift": the largest multiplier that fits 32 bits. */
static void scale(uint64_t hz, uint32_t *multiplier, int8_t *shift)
{
    uint64_t wanted = NS_PER_S;
    int power = 0;
    while (hz > wanted * 2 || (hz & HIGH_HALF) != 0) {
        hz >>= 1;
        power--;
    }
    while (hz <= wanted) {
        if ((hz & 0x80000000u) != 0) {
            wanted >>= 1;
        } else {
            hz <<= 1;
        }
        power++;
    }
    *multiplier = (uint32_t)((wanted << 32) / hz);
    *shift = (int8_t)power;
}

void timebase_init(struct timebase *timebase, uint64_t tsc_khz, uint64_t start)
{
    if (tsc_khz == 0 || tsc_khz > 100000000) {
        tsc_khz = 1000000;
    }
    *timebase = (struct timebase){.start = start, .tsc_khz = tsc_khz};
    scale(tsc_khz * 1000, &timebase->multiplier, &timebase->shift);
    /* Frequencies from 1 kHz to 100 GHz give shifts from -7 to 20. */
    bool left = timebase->shift >= 0;
    timebase->factor = left ? (uint64_t)timebase->multiplier << timebase->shift : timebase->multiplier;
    timebase->down = left ? 32u : 32u + (uint32_t)-timebase->shift;
}

uint64_t timebase_tsc(const struct timebase *timebase, uint64_t ns)
{
    if (ns == TIME_NEVER) {
        return TIME_NEVER;
    }
    uint64_t ms = ns / 1000000, rest = ns % 1000000;
    if (ms > UINT64_MAX / 2 / timebase->tsc_khz) {
        return TIME_NEVER;
    }
    /* One part in 2^31 covers the rounding of the multiplier. */
    uint64_t ticks = ms * timebase->tsc_khz + rest * timebase->tsc_khz / 1000000;
    return timebase->start + ticks + (ticks >> 31) + 2;
}
