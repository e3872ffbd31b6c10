/* The exit loop. What an exit of the common kinds costs is a row of the benchmark, so these are handled here
 * with tables and nothing else; the rest has a file of its own. */
#include <bulkhead/message.h>

#include "stubs.h"
#include "vm.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Kept out of the loop's body, so that it needs no registers saved and no stack. */
#define RARE __attribute__((noinline, cold))
#define KVM_ENOSYS 1000u
#define KVM_EPERM 1u

/* vcpu_run without the message structure of the general stub: it sends no words, and of the two it receives the bell's
 * bits say nothing: whatever rang, everything is looked at.
 * docs/architecture.md section 1: rax target, rdi deadline; answers rax error, rbx and rbp words 0 and 1. */
static inline uint64_t enter(uint64_t target, uint64_t deadline, uint64_t *reason)
{
    uint64_t rax = target, label = 0;
    __asm__ volatile("push %%rbp\n\t"
                     "syscall\n\t"
                     "pop %%rbp"
                     : "+a"(rax), "+D"(deadline), "+S"(label), "=b"(*reason)
                     :
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
    return rax;
}

bool vm_read(struct vm *vm, uint32_t groups)
{
    if (vcpu_read(vm->vcpu_slot, groups) != OK) {
        vm_die(vm, DEATH_VMM_CHECK, "the kernel refused to read the registers");
        return false;
    }
    return true;
}

static inline void answer_cpuid(struct vcpu_state *state, const struct cpuid_leaf *value)
{
    state->gpr[GPR_RAX] = value->eax;
    state->gpr[GPR_RBX] = value->ebx;
    state->gpr[GPR_RCX] = value->ecx;
    state->gpr[GPR_RDX] = value->edx;
}

/* Leaves with sub-leaves, extended and hypervisor leaves, and those that show the guest's own registers. */
static RARE void exit_cpuid_others(struct vm *vm, uint32_t leaf, uint32_t subleaf)
{
    struct vcpu_state *state = vm->state;
    struct cpuid_leaf value = *cpuid_find(&vm->cpuid, leaf, subleaf);
    if (cpuid_is_dynamic(leaf)) {
        if (!vm_read(vm, VCPU_GROUP_CONTROL)) {
            return;
        }
        value = cpuid_adjust(&vm->cpuid, leaf, subleaf, value, state->cr4, state->xcr0,
                             lapic_enabled(&vm->platform.lapic));
    }
    answer_cpuid(state, &value);
}

static inline void exit_cpuid(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint32_t leaf = (uint32_t)state->gpr[GPR_RAX];
    vm_advance(vm, state->exit_insn_bytes);
    if (LIKELY(leaf < CPUID_BASIC && (vm->cpuid.plain >> leaf & 1u) != 0)) {
        answer_cpuid(state, &vm->cpuid.basic[leaf]);
    } else {
        exit_cpuid_others(vm, leaf, (uint32_t)state->gpr[GPR_RCX]);
    }
}

static RARE void port_access(struct vm *vm, uint16_t port, unsigned size, bool in)
{
    uint64_t *rax = &vm->state->gpr[GPR_RAX];
    uint64_t now_ns = vm_now_ns(vm);
    vm->attention = vm->attention || platform_port_matters(&vm->platform, port);
    if (in) {
        uint64_t value = platform_in(&vm->platform, port, size, now_ns);
        *rax = size == 4 ? value : (*rax & ~mask_bytes(size)) | value;
    } else {
        platform_out(&vm->platform, port, size, (uint32_t)(*rax & mask_bytes(size)), now_ns);
        if (platform_port_is_bus(&vm->platform, port)) {
            vm->attention = !vm_settle_channels(vm) || vm->attention;
        }
    }
}

static inline void exit_pio(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint16_t port = (uint16_t)state->exit_info;
    if (LIKELY(state->exit_flags == PIO_IN && state->exit_size == 1)) {
        if (UNLIKELY(platform_port_matters(&vm->platform, port))) {
            vm->attention = true;
        }
        uint8_t value = platform_in_byte(&vm->platform, port, vm_now_ns(vm));
        state->gpr[GPR_RAX] = (state->gpr[GPR_RAX] & ~UINT64_C(0xff)) | value;
    } else if (UNLIKELY((state->exit_flags & PIO_STRING) != 0)) {
        vm_exit_string_io(vm);
        vm->attention = true;
        return;
    } else {
        port_access(vm, port, state->exit_size, (state->exit_flags & PIO_IN) != 0);
    }
    vm_advance(vm, state->exit_insn_bytes);
}

/* [KVM-CPUID], hypercalls.rst: we have none of KVM's. Bit 63 of RAX never comes here. */
static void exit_hypercall(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    state->gpr[GPR_RAX] = 0 - (uint64_t)(state->cpl == 0 ? KVM_ENOSYS : KVM_EPERM);
    vm_advance(vm, state->exit_insn_bytes != 0 ? state->exit_insn_bytes : 3);
}

static void exit_exception(struct vm *vm)
{
    const struct vcpu_state *state = vm->state;
    vm_inject(vm, INJECT_TYPE_EXCEPTION, (uint8_t)(state->exit_info & 0x1fu), state->exit_address != 0,
              (uint32_t)state->exit_address);
}

static void exit_rare(struct vm *vm, enum exit_reason reason)
{
    switch (reason) {
    case EXIT_REASON_HYPERCALL:
        exit_hypercall(vm);
        return;
    case EXIT_REASON_WBINVD: /* guest memory is cacheable everywhere: nothing to write back */
    case EXIT_REASON_INVD:
    case EXIT_REASON_PAUSE:
    case EXIT_REASON_INVLPG:
        vm_advance(vm, vm->state->exit_insn_bytes);
        return;
    case EXIT_REASON_XSETBV:
        vm_exit_xsetbv(vm);
        return;
    case EXIT_REASON_CR_ACCESS:
        vm_exit_cr(vm);
        return;
    case EXIT_REASON_MONITOR: /* not offered by CPUID */
    case EXIT_REASON_MWAIT:
    case EXIT_REASON_VIRTUALIZATION:
    case EXIT_REASON_RSM:
        vm_fault_ud(vm);
        return;
    case EXIT_REASON_RDPMC:
        vm_fault_gp(vm);
        return;
    case EXIT_REASON_EXCEPTION:
        exit_exception(vm);
        return;
    case EXIT_REASON_TRIPLE_FAULT:
    case EXIT_REASON_SHUTDOWN_STATE:
        vm_die(vm, DEATH_TRIPLE_FAULT, "triple fault");
        return;
    case EXIT_REASON_INVALID_STATE:
        vm_die(vm, DEATH_INVALID_STATE, "the processor refused the guest's state");
        return;
    case EXIT_REASON_NONE:
    case EXIT_REASON_INIT:
    case EXIT_REASON_IRQ_WINDOW:
        return;
    case EXIT_REASON_TASK_SWITCH:
        vm_die(vm, DEATH_VMM_CHECK, "a hardware task switch, which is not emulated");
        return;
    case EXIT_REASON_CPUID:
    case EXIT_REASON_PIO:
    case EXIT_REASON_RDMSR:
    case EXIT_REASON_WRMSR:
    case EXIT_REASON_HLT:
    case EXIT_REASON_NESTED_FAULT:
    case EXIT_REASON_DESCRIPTOR_TABLE:
    case EXIT_REASON_DR_ACCESS:
    case EXIT_REASON_RDTSC:
    case EXIT_REASON_UNKNOWN:
        vm_die(vm, DEATH_VMM_CHECK, "an exit that was never asked for");
        return;
    }
    vm_die(vm, DEATH_VMM_CHECK, "an exit reason beyond the interface");
}

static void exit_hlt(struct vm *vm)
{
    vm_advance(vm, vm->state->exit_insn_bytes);
    vm_halt(vm);
}

static RARE void dispatch_others(struct vm *vm, uint32_t reason)
{
    if (reason == EXIT_REASON_WRMSR) {
        vm_exit_wrmsr(vm);
    } else if (reason == EXIT_REASON_RDMSR) {
        vm_exit_rdmsr(vm);
    } else if (reason == EXIT_REASON_HLT) {
        exit_hlt(vm);
    } else if (reason == EXIT_REASON_NESTED_FAULT) {
        vm_exit_nested_fault(vm);
    } else {
        exit_rare(vm, (enum exit_reason)reason);
    }
}

static inline void dispatch(struct vm *vm)
{
    uint32_t reason = vm->state->exit_reason;
    vm->exits[reason % EXIT_REASONS]++;
    if (LIKELY(reason == EXIT_REASON_CPUID)) {
        exit_cpuid(vm);
    } else if (LIKELY(reason == EXIT_REASON_PIO)) {
        exit_pio(vm);
    } else {
        dispatch_others(vm, reason);
    }
}

static void check_error(struct vm *vm, enum error error)
{
    if (error == ERR_ARGUMENT) {
        vm_die(vm, DEATH_VMM_CHECK, "the kernel refused what was to be injected");
    } else if (error != OK && error != ERR_CANCELED && error != ERR_TIMEOUT) {
        vm_die(vm, DEATH_VMM_CHECK, "the kernel refused to run the guest");
    }
}

/* The rarer ways back: an interrupt was offered, registers were applied, or vcpu_run ended without an exit.
 * Answers whether there is an exit to look at. */
static RARE bool after_run(struct vm *vm, uint64_t error, uint64_t reason)
{
    if ((vm->after & VM_AFTER_DIRTY) != 0) {
        vm->after &= ~(uint32_t)VM_AFTER_DIRTY;
        vm->state->dirty = 0;
    }
    if ((vm->after & VM_AFTER_OFFER) != 0) {
        vm_settle_delivery(vm);
    }
    if (error == OK && reason == RUN_REASON_EXIT) {
        return true;
    }
    check_error(vm, (enum error)error);
    vm->attention = true;
    return false;
}

void vm_run(struct vm *vm)
{
    vm->attention = true;
    for (;;) {
        uint64_t reason, error;
        if (UNLIKELY(vm->attention)) {
            vm_service(vm);
            if (vm->ended != GUEST_RUNS) {
                return;
            }
        }
        error = enter(vm->run_target, vm->deadline, &reason);
        if (LIKELY((error | reason | vm->after) == 0) || after_run(vm, error, reason)) {
            dispatch(vm);
        }
    }
}
_Static_assert(OK == 0 && RUN_REASON_EXIT == 0, "vm_run tests both at once");
