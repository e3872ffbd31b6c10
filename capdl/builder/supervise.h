/* When a domain that died may be started again: at once at first, later and later, and after too many times
 * within the described window not any more ("parked"). Pure arithmetic on nanoseconds. */
#ifndef BUILDER_SUPERVISE_H
#define BUILDER_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#define SUPERVISE_HISTORY 16u
#define SUPERVISE_FIRST_DELAY_NS UINT64_C(10000000) /* 10 ms, then doubled */
#define SUPERVISE_MAX_DELAY_NS UINT64_C(1000000000)

struct supervision {
    uint64_t restart_at_ns[SUPERVISE_HISTORY]; /* of the last restarts, the newest first */
    uint32_t restarts;                         /* entries of it that are filled */
    bool parked;
};

/* The domain died at @now_ns. Answers true and after which delay to restart it, or false: park it.
 * @max restarts are allowed within @window_s seconds; a @max beyond the history counts as the history. */
bool supervise_died(struct supervision *supervision, uint64_t now_ns, uint32_t max, uint32_t window_s,
                    uint64_t *delay_ns);

#endif
