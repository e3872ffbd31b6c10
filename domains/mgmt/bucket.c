#include "bucket.h"

#include <assert.h>

void bucket_init(struct bucket *bucket, uint32_t burst, uint64_t interval_ns, uint64_t now_ns)
{
    assert(interval_ns != 0);
    *bucket =
        (struct bucket){.burst = burst, .tokens = burst, .interval_ns = interval_ns, .counted_ns = now_ns};
}

static void bucket_refill(struct bucket *bucket, uint64_t now_ns)
{
    if (now_ns <= bucket->counted_ns)
        return;
    const uint64_t gained = (now_ns - bucket->counted_ns) / bucket->interval_ns;
    if (gained >= bucket->burst - bucket->tokens) {
        bucket->tokens = bucket->burst;
        bucket->counted_ns = now_ns;
        return;
    }
    bucket->tokens += (uint32_t)gained;
    bucket->counted_ns += gained * bucket->interval_ns;
}

bool bucket_take(struct bucket *bucket, uint64_t now_ns)
{
    bucket_refill(bucket, now_ns);
    if (bucket->tokens == 0)
        return false;
    bucket->tokens--;
    return true;
}
