/* KVM's paravirtual clock, wall clock and steal time: structures in guest memory, rewritten by us. */
#ifndef VMM_KVMCLOCK_H
#define VMM_KVMCLOCK_H

#include "memory.h"
#include "timebase.h"

struct kvmclock {
    uint64_t system_time_msr;
    uint64_t wall_clock_msr;
    uint64_t steal_msr;
    uint64_t boot_s; /* wall time at guest start, seconds since 1970 */
    uint64_t steal_ns;
    uint32_t version;
};

void kvmclock_init(struct kvmclock *clock, uint64_t boot_s);
/* Writes of the MSRs. False = #GP. @tsc is the guest's. */
bool kvmclock_write_system_time(struct kvmclock *clock, struct memory *memory,
                                const struct timebase *timebase, uint64_t value, uint64_t host_tsc,
                                uint64_t guest_tsc);
bool kvmclock_write_wall_clock(struct kvmclock *clock, struct memory *memory, uint64_t value);
bool kvmclock_write_steal(struct kvmclock *clock, struct memory *memory, uint64_t value);
/* Time that the guest wanted to run and did not. */
void kvmclock_update_steal(struct kvmclock *clock, struct memory *memory, uint64_t steal_ns);
/* The clock structure again, after the guest's TSC was moved. */
void kvmclock_refresh(struct kvmclock *clock, struct memory *memory, const struct timebase *timebase,
                      uint64_t host_tsc, uint64_t guest_tsc);

#endif
