#include "supervise.h"

#define NS_PER_S UINT64_C(1000000000)

static uint32_t recent(const struct supervision *supervision, uint64_t now_ns, uint32_t window_s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < supervision->restarts; i++) {
        uint64_t age_ns = now_ns - supervision->restart_at_ns[i];
        count += age_ns < window_s * NS_PER_S ? 1 : 0;
    }
    return count;
}

static void remember(struct supervision *supervision, uint64_t now_ns)
{
    for (uint32_t i = SUPERVISE_HISTORY - 1; i > 0; i--) {
        supervision->restart_at_ns[i] = supervision->restart_at_ns[i - 1];
    }
    supervision->restart_at_ns[0] = now_ns;
    supervision->restarts += supervision->restarts < SUPERVISE_HISTORY ? 1 : 0;
}

bool supervise_died(struct supervision *supervision, uint64_t now_ns, uint32_t max, uint32_t window_s,
                    uint64_t *delay_ns)
{
    uint32_t before = recent(supervision, now_ns, window_s);
    uint32_t limit = max < SUPERVISE_HISTORY ? max : SUPERVISE_HISTORY;
    *delay_ns = 0;
    if (before >= limit) {
        supervision->parked = true;
        return false;
    }
    if (before > 0) {
        uint64_t delay = SUPERVISE_FIRST_DELAY_NS << (before - 1);
        *delay_ns = delay < SUPERVISE_MAX_DELAY_NS ? delay : SUPERVISE_MAX_DELAY_NS;
    }
    remember(supervision, now_ns);
    return true;
}
