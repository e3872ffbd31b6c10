/* DR0-3 in memory. */
#ifndef HW_DEBUG_H
#define HW_DEBUG_H

#include "base/types.h"

struct hvm;
extern uint64_t fake_dr[4];
extern bool fake_resident;

static inline void debug_save(uint64_t dr[4])
{
    for (int i = 0; i < 4; i++)
        dr[i] = fake_dr[i];
}

static inline void debug_load(const uint64_t dr[4])
{
    for (int i = 0; i < 4; i++)
        fake_dr[i] = dr[i];
}

static inline bool debug_resident(const struct hvm *hvm)
{
    (void)hvm;
    return fake_resident;
}

#endif
