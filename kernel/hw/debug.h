/* Debug registers 0-3 follow the guest that used them last; DR6 and DR7 are switched by the hardware. */
#ifndef HW_DEBUG_H
#define HW_DEBUG_H

#include "hw/cpu.h"
#include "hw/hvm.h"
#include "hw/x86.h"

static inline void debug_save(uint64_t dr[4])
{
    __asm__ volatile("mov %%dr0, %0" : "=r"(dr[0]));
    __asm__ volatile("mov %%dr1, %0" : "=r"(dr[1]));
    __asm__ volatile("mov %%dr2, %0" : "=r"(dr[2]));
    __asm__ volatile("mov %%dr3, %0" : "=r"(dr[3]));
}

static inline void debug_load(const uint64_t dr[4])
{
    __asm__ volatile("mov %0, %%dr0" : : "r"(dr[0]));
    __asm__ volatile("mov %0, %%dr1" : : "r"(dr[1]));
    __asm__ volatile("mov %0, %%dr2" : : "r"(dr[2]));
    __asm__ volatile("mov %0, %%dr3" : : "r"(dr[3]));
}

/* True if this processor's DR0-3 are @hvm's, which makes hvm->dr stale. */
static inline bool debug_resident(const struct hvm *hvm) { return cpu_self()->debug_owner == hvm; }

#endif
