/* A limit of bytes per time: the frame that would come more than a burst too early waits. */
#ifndef NETVIRT_RATE_H
#define NETVIRT_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Sixteen full frames may follow one another at full speed. */
#define RATE_BURST_BYTES UINT64_C(24576)

struct rate {
    uint64_t scaled;      /* ticks a byte takes, times 256; 0 = no limit */
    uint64_t burst_ticks; /* what RATE_BURST_BYTES take */
    uint64_t due;         /* when the bytes let through so far would have gone at the limit's speed */
};

void rate_init(struct rate *rate, uint64_t kbit_per_second, uint64_t tsc_khz);

/* Lets @bytes through, or answers false and when to ask again. */
bool rate_take(struct rate *rate, uint32_t bytes, uint64_t now, uint64_t *again);

#endif
