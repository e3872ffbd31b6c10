/* Model-specific registers that need no state of their own: one table. */
#ifndef VMM_MSR_H
#define VMM_MSR_H

#include "common.h"

enum msr_index {
    MSR_TSC = 0x10,
    MSR_KVM_WALL_CLOCK_OLD = 0x11,
    MSR_KVM_SYSTEM_TIME_OLD = 0x12,
    MSR_APIC_BASE = 0x1b,
    MSR_PAT = 0x277,
    MSR_MTRR_DEFAULT = 0x2ff,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_KVM_WALL_CLOCK = 0x4b564d00,
    MSR_KVM_SYSTEM_TIME = 0x4b564d01,
    MSR_KVM_STEAL_TIME = 0x4b564d03,
    MSR_KVM_EOI = 0x4b564d04,
};
#define MSR_EFER UINT32_C(0xc0000080)

enum msr_write { MSR_WRITE_FAULTS, MSR_WRITE_IGNORED };

struct msr_rule {
    uint32_t first, last;
    uint64_t value; /* what a read answers */
    enum msr_write write;
};

/* The rule for @index, or NULL: unknown, both directions are #GP. */
const struct msr_rule *msr_find(uint32_t index);

/* Eight memory types, each 0, 1 or 4-7 ([APM2] 7.8.1); anything else is #GP. */
bool pat_valid(uint64_t pat);

/* EFER ([APM2] 3.1.7): what the guest reads and may write. False = #GP. */
#define EFER_SCE UINT64_C(0x001)
#define EFER_LME UINT64_C(0x100)
#define EFER_LMA UINT64_C(0x400)
#define EFER_NXE UINT64_C(0x800)
#define EFER_FFXSR UINT64_C(0x4000)
#define EFER_VISIBLE (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)
bool efer_write(uint64_t *efer, uint64_t value, uint64_t cr0, bool ffxsr_offered);

#endif
