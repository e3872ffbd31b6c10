/* One guest: everything its VMM knows, owned by the one thread that runs it. */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <bulkhead/abi.h>
#include <bulkhead/domain.h>

#include "boot.h"
#include "console.h"
#include "cpuid.h"
#include "kvmclock.h"
#include "memory.h"
#include "platform.h"
#include "timebase.h"

/* How a guest ended: bits 0-7 and 8-15 of the console channel's status word (docs/operator.md). */
enum guest_state { GUEST_RUNS, GUEST_POWER_OFF, GUEST_RESET, GUEST_DEBUG_EXIT, GUEST_DIED };
enum death {
    DEATH_NONE,
    DEATH_TRIPLE_FAULT,
    DEATH_INVALID_STATE,
    DEATH_NOT_DECODED,
    DEATH_MEMORY_EXHAUSTED,
    DEATH_IMAGE_REFUSED,
    DEATH_HALTED,
    DEATH_VMM_CHECK,
};

#define EXIT_REASONS 32u

/* What wakes another domain; slot 0 = nobody. */
struct bell {
    uint32_t slot, bits;
};

struct vm {
    struct vcpu_state *state;
    uint64_t run_target;     /* rax of vcpu_run */
    uint64_t deadline;       /* of vcpu_run, in ticks */
    uint64_t other_deadline; /* the same without the guest's TSC deadline */
    uint32_t after;          /* enum vm_after: what to do when vcpu_run returns; 0 = look at the exit */
    uint32_t vcpu_slot;
    uint32_t bell_slot;
    uint32_t space_slot;  /* the guest's physical memory */
    uint32_t ram_slot;    /* first of its frames, mapped once there and once in our view by builder */
    bool attention;       /* interrupts, timers or the console need a look before the next entry */
    enum offered offered; /* what stands in state->irq_vector */
    uint8_t offered_vector;
    enum guest_state ended;
    uint64_t tsc_offset; /* guest's TSC - machine's */
    struct cpuid_policy cpuid;
    struct timebase timebase;
    struct kvmclock kvmclock;
    struct console console;
    struct bell block_bell, net_bell;
    uint64_t look_at; /* when to look for frames that need no notification, in ticks; 0 = there are none */
    uint64_t tell_at; /* when to interrupt for frames sent, at the latest; 0 = there is nothing to tell */
    uint64_t mtrr_default, eoi_msr;
    uint64_t idle_ns;
    uint32_t sched_slot; /* our own context, for steal time; 0 = unknown */
    uint64_t consumed_at_start;
    uint64_t steal_ns; /* when steal time was last looked at */
    uint32_t unknown_msrs;
    uint64_t exits[EXIT_REASONS];
    struct memory memory;
    struct platform platform;
};

enum vm_after { VM_AFTER_OFFER = 1, VM_AFTER_DIRTY = 2 };

enum { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI };

enum exception_vector { EXCEPTION_UD = 6, EXCEPTION_GP = 13, EXCEPTION_PF = 14 };

/* [APM2] 15.20: bits of vcpu_state.inject. */
static inline void vm_inject(struct vm *vm, enum inject_type type, uint8_t vector, bool has_error,
                             uint32_t error)
{
    vm->state->inject_error = error;
    vm->state->inject =
        (uint64_t)vector | (uint64_t)type << 8 | (has_error ? 1u << 11 : 0) | UINT64_C(1) << 31;
}

static inline void vm_fault_gp(struct vm *vm)
{
    vm_inject(vm, INJECT_TYPE_EXCEPTION, EXCEPTION_GP, true, 0);
}

static inline void vm_fault_ud(struct vm *vm)
{
    vm_inject(vm, INJECT_TYPE_EXCEPTION, EXCEPTION_UD, false, 0);
}

/* The next vcpu_run applies these groups, once. */
static inline void vm_mark_dirty(struct vm *vm, uint32_t groups)
{
    vm->state->dirty |= groups;
    vm->after |= VM_AFTER_DIRTY;
}

/* #PF with CR2; the control group must have been read. */
static inline void vm_fault_pf(struct vm *vm, uint64_t linear, uint32_t code)
{
    vm->state->cr2 = linear;
    vm_mark_dirty(vm, VCPU_GROUP_CONTROL);
    vm_inject(vm, INJECT_TYPE_EXCEPTION, EXCEPTION_PF, true, code);
}

/* The instruction is done; a shadow it stood in is over. */
static inline void vm_advance(struct vm *vm, uint32_t len_bytes)
{
    struct vcpu_state *state = vm->state;
    state->rip += len_bytes;
    state->shadow = 0;
}

static inline uint64_t vm_now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t vm_now_ns(const struct vm *vm)
{
    return timebase_ns(&vm->timebase, vm_now());
}

/* Fills register groups of the page; false: the kernel refused, the guest is over. */
bool vm_read(struct vm *vm, uint32_t groups);

/* run.c: runs the guest until it ends. */
void vm_run(struct vm *vm);
/* time.c: interrupts, timers and the console before an entry; waiting while the guest is halted. */
void vm_settle_delivery(struct vm *vm);
/* The guest's TSC deadline has moved, and nothing else. */
void vm_plan_tsc_deadline(struct vm *vm);
void vm_service(struct vm *vm);
void vm_halt(struct vm *vm);
void vm_wait_console(struct vm *vm);
/* channels.c: disk, network and virtio console, found in the description, and what they ask for after they were touched. */
void vm_open_channels(struct vm *vm, const struct domain_info *info);
/* False: an answer is there already, to be worked on before the guest goes on. */
bool vm_settle_channels(struct vm *vm);
/* start.c: registers and tables for the first instruction. */
bool vm_start(struct vm *vm, const struct entry *entry);
/* One file for each kind of exit that has something to do. */
void vm_exit_rdmsr(struct vm *vm);
void vm_exit_wrmsr(struct vm *vm);
void vm_exit_string_io(struct vm *vm);
void vm_exit_nested_fault(struct vm *vm);
void vm_exit_xsetbv(struct vm *vm);
void vm_exit_cr(struct vm *vm);
/* report.c: the guest ended; written once. */
void vm_end(struct vm *vm, enum guest_state how, uint32_t value);
void vm_die(struct vm *vm, enum death why, const char *what);

#endif
