#include "rate.h"

#include <checked.h>

/* kbit/s and kHz: tsc_khz * 8 / kbit ticks a byte. The product saturates far beyond any real rate. */
void rate_init(struct rate *rate, uint64_t kbit_per_second, uint64_t tsc_khz)
{
    uint64_t ticks;
    *rate = (struct rate){0};
    if (kbit_per_second == 0) {
        return;
    }
    if (!checked_multiply(tsc_khz, 8 * 256, &ticks)) {
        ticks = UINT64_MAX;
    }
    ticks /= kbit_per_second;
    const uint64_t most = UINT64_C(1) << 40;
    rate->scaled = ticks == 0 ? 1 : ticks > most ? most : ticks;
    rate->burst_ticks = rate->scaled * RATE_BURST_BYTES >> 8;
}

bool rate_take(struct rate *rate, uint32_t bytes, uint64_t now, uint64_t *again)
{
    if (rate->scaled == 0) {
        return true;
    }
    if (rate->due > now && rate->due - now > rate->burst_ticks) {
        *again = rate->due - rate->burst_ticks;
        return false;
    }
    rate->due = (rate->due > now ? rate->due : now) + (rate->scaled * bytes >> 8);
    return true;
}
