/* [KVM-MSR] Documentation/virt/kvm/x86/msr.rst. Only the VMM writes these structures; what the guest writes
 * over them is its own loss, so nothing is ever read back. */
#include "kvmclock.h"

#define ENABLED UINT64_C(1)
#define FLAG_TSC_STABLE 1u

struct wall_clock {
    uint32_t version, sec, nsec;
};
_Static_assert(sizeof(struct wall_clock) == 12, "[KVM-MSR] pvclock_wall_clock");

struct vcpu_time {
    uint32_t version, pad0;
    uint64_t tsc_timestamp, system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags, pad[2];
};
_Static_assert(sizeof(struct vcpu_time) == 32, "[KVM-MSR] pvclock_vcpu_time_info");

struct steal_time {
    uint64_t steal;
    uint32_t version, flags;
    uint8_t preempted, pad8[3];
    uint32_t pad[11];
};
_Static_assert(sizeof(struct steal_time) == 64, "[KVM-MSR] kvm_steal_time");

void kvmclock_init(struct kvmclock *clock, uint64_t boot_s)
{
    *clock = (struct kvmclock){.boot_s = boot_s};
}

void kvmclock_refresh(struct kvmclock *clock, struct memory *memory, const struct timebase *timebase,
                      uint64_t host_tsc, uint64_t guest_tsc)
{
    if ((clock->system_time_msr & ENABLED) == 0) {
        return;
    }
    clock->version += 2; /* even: complete. The guest's one processor is not running. */
    struct vcpu_time time = {
        .version = clock->version,
        .tsc_timestamp = guest_tsc,
        .system_time = timebase_ns(timebase, host_tsc),
        .tsc_to_system_mul = timebase->multiplier,
        .tsc_shift = timebase->shift,
        .flags = FLAG_TSC_STABLE,
    };
    (void)memory_write(memory, gpa(clock->system_time_msr & ~ENABLED), &time, sizeof time);
}

bool kvmclock_write_system_time(struct kvmclock *clock, struct memory *memory,
                                const struct timebase *timebase, uint64_t value, uint64_t host_tsc,
                                uint64_t guest_tsc)
{
    if ((value & ENABLED) != 0 &&
        memory_at(memory, gpa(value & ~ENABLED), sizeof(struct vcpu_time)) == NULL) {
        return false;
    }
    clock->system_time_msr = value;
    kvmclock_refresh(clock, memory, timebase, host_tsc, guest_tsc);
    return true;
}

bool kvmclock_write_wall_clock(struct kvmclock *clock, struct memory *memory, uint64_t value)
{
    struct wall_clock wall = {.version = 2, .sec = (uint32_t)clock->boot_s};
    clock->wall_clock_msr = value;
    return memory_write(memory, gpa(value), &wall, sizeof wall);
}

bool kvmclock_write_steal(struct kvmclock *clock, struct memory *memory, uint64_t value)
{
    uint64_t address = value & ~UINT64_C(0x3f);
    if ((value & 0x3eu) != 0) {
        return false;
    }
    if ((value & ENABLED) != 0 && memory_at(memory, gpa(address), sizeof(struct steal_time)) == NULL) {
        return false;
    }
    clock->steal_msr = value;
    kvmclock_update_steal(clock, memory, clock->steal_ns);
    return true;
}

void kvmclock_update_steal(struct kvmclock *clock, struct memory *memory, uint64_t steal_ns)
{
    if (steal_ns > clock->steal_ns) {
        clock->steal_ns = steal_ns;
    }
    if ((clock->steal_msr & ENABLED) == 0) {
        return;
    }
    clock->version += 2;
    struct steal_time steal = {.steal = clock->steal_ns, .version = clock->version};
    (void)memory_write(memory, gpa(clock->steal_msr & ~UINT64_C(0x3f)), &steal, sizeof steal);
}
