/* DR0-3 in memory. */
#ifndef HW_DEBUG_H
#define HW_DEBUG_H

#include "hw/cpu.h"
#include "hw/hvm.h"
#include "hw/x86.h"

static inline void debug_save(uint64_t dr[4])
{
    for (int i = 0; i < 4; i++)
        dr[i] = fake.dr[i];
}

static inline void debug_load(const uint64_t dr[4])
{
    for (int i = 0; i < 4; i++)
        fake.dr[i] = dr[i];
}

static inline bool debug_resident(const struct hvm *hvm)
{
    return cpu_self()->debug_owner == hvm;
}

#endif
