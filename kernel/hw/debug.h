/* Debug registers 0-3 follow the guest that used them last, and DR6 where no control page holds it (VMX); DR7 is switched by the hardware. */
#pragma once

#include "hw/hvm.h"
#include "hw/x86.h"

static inline void debug_save(uint64_t dr[4])
{
    __asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
                     : "=r"(dr[0]), "=r"(dr[1]), "=r"(dr[2]), "=r"(dr[3]));
}

static inline void debug_load(const uint64_t dr[4])
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
                     :
                     : "r"(dr[0]), "r"(dr[1]), "r"(dr[2]), "r"(dr[3]));
}

/* True if this processor's DR0-3 are @hvm's, which makes hvm->dr stale. */
static inline bool debug_resident(const struct hvm *hvm) { return cpu_self()->debug_owner == hvm; }
