#include "mgmt.h"

#include <clock.h>

uint64_t mgmt_now_ns(const struct mgmt *mgmt)
{
    return clock_ticks_to_ns(clock_ticks(), mgmt->info->tsc_khz);
}
