/* RDMSR and WRMSR: registers with state; the rest is msr.c's table. */
#include "log.h"
#include "msr.h"
#include "vm.h"

#define UNKNOWN_LOGGED 16u
#define CPUID_FXSR_OPT (UINT32_C(1) << 25)
#define MTRR_DEFAULT_WRITABLE UINT64_C(0xcff)

static bool unknown(struct vm *vm, uint32_t index, bool write)
{
    if (vm->unknown_msrs++ < UNKNOWN_LOGGED) {
        log_line("unknown MSR %x %s: #GP", index, write ? "written" : "read");
    }
    return false;
}

static bool read_table(struct vm *vm, uint32_t index, uint64_t *value)
{
    const struct msr_rule *rule = msr_find(index);
    if (rule == NULL) {
        return unknown(vm, index, false);
    }
    *value = rule->value;
    return true;
}

static bool read_efer(struct vm *vm, uint64_t *value)
{
    if (!vm_read(vm, VCPU_GROUP_EFER)) {
        return true;
    }
    *value = vm->state->efer & EFER_VISIBLE;
    return true;
}

static bool read_pat(struct vm *vm, uint64_t *value)
{
    if (vm_read(vm, VCPU_GROUP_MSR)) {
        *value = vm->state->pat;
    }
    return true;
}

static bool read(struct vm *vm, uint32_t index, uint64_t *value)
{
    switch (index) {
    case MSR_TSC:
        *value = vm_now() + vm->tsc_offset;
        return true;
    case MSR_APIC_BASE:
        *value = vm->platform.lapic.base;
        return true;
    case MSR_TSC_DEADLINE:
        *value = lapic_read_tsc_deadline(&vm->platform.lapic);
        return true;
    case MSR_MTRR_DEFAULT:
        *value = vm->mtrr_default;
        return true;
    case MSR_KVM_SYSTEM_TIME:
    case MSR_KVM_SYSTEM_TIME_OLD:
        *value = vm->kvmclock.system_time_msr;
        return true;
    case MSR_KVM_WALL_CLOCK:
    case MSR_KVM_WALL_CLOCK_OLD:
        *value = vm->kvmclock.wall_clock_msr;
        return true;
    case MSR_KVM_STEAL_TIME:
        *value = vm->kvmclock.steal_msr;
        return true;
    case MSR_KVM_EOI:
        *value = vm->eoi_msr;
        return true;
    case MSR_EFER:
        return read_efer(vm, value);
    case MSR_PAT:
        return read_pat(vm, value);
    default:
        break;
    }
    if (index >= LAPIC_MSR_FIRST && index <= LAPIC_MSR_LAST) {
        return lapic_read_msr(&vm->platform.lapic, index, vm_now_ns(vm), value);
    }
    return read_table(vm, index, value);
}

void vm_exit_rdmsr(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint64_t value = 0;
    if (!read(vm, (uint32_t)state->exit_info, &value)) {
        vm_fault_gp(vm);
        return;
    }
    state->gpr[GPR_RAX] = (uint32_t)value;
    state->gpr[GPR_RDX] = value >> 32;
    vm_advance(vm, state->exit_insn_bytes);
}

static bool write_table(struct vm *vm, uint32_t index)
{
    const struct msr_rule *rule = msr_find(index);
    if (rule == NULL) {
        return unknown(vm, index, true);
    }
    return rule->write == MSR_WRITE_IGNORED;
}

static bool write_efer(struct vm *vm, uint64_t value)
{
    if (!vm_read(vm, VCPU_GROUP_EFER | VCPU_GROUP_CONTROL)) {
        return true;
    }
    bool ffxsr = (vm->cpuid.extended[1].edx & CPUID_FXSR_OPT) != 0;
    if (!efer_write(&vm->state->efer, value, vm->state->cr0, ffxsr)) {
        return false;
    }
    vm_mark_dirty(vm, VCPU_GROUP_EFER);
    return true;
}

/* The kernel lets the guest's own accesses through where the processor keeps a PAT for guests. */
static bool write_pat(struct vm *vm, uint64_t value)
{
    if (!pat_valid(value)) {
        return false;
    }
    if (vm_read(vm, VCPU_GROUP_MSR)) {
        vm->state->pat = value;
        vm_mark_dirty(vm, VCPU_GROUP_MSR);
    }
    return true;
}

static bool write_tsc(struct vm *vm, uint64_t value)
{
    uint64_t now = vm_now();
    vm->tsc_offset = value - now;
    vm->state->tsc_offset = vm->tsc_offset;
    vm_mark_dirty(vm, VCPU_GROUP_TSC);
    kvmclock_refresh(&vm->kvmclock, &vm->memory, &vm->timebase, now, value);
    return true;
}

static bool write_system_time(struct vm *vm, uint64_t value)
{
    uint64_t now = vm_now();
    return kvmclock_write_system_time(&vm->kvmclock, &vm->memory, &vm->timebase, value, now,
                                      now + vm->tsc_offset);
}

/* [KVM-MSR] MSR_KVM_EOI_EN: bit 0 enables, bit 1 is reserved, the rest is the address. */
static bool write_eoi_word(struct vm *vm, uint64_t value)
{
    uint32_t *word = NULL;
    if ((value & 2u) != 0) {
        return false;
    }
    if ((value & 1u) != 0) {
        word = memory_at(&vm->memory, gpa(value & ~UINT64_C(3)), sizeof *word);
        if (word == NULL) {
            return false;
        }
    }
    vm->eoi_msr = value;
    lapic_set_eoi_word(&vm->platform.lapic, word);
    return true;
}

static bool write_mtrr_default(struct vm *vm, uint64_t value)
{
    if ((value & ~MTRR_DEFAULT_WRITABLE) != 0) {
        return false;
    }
    vm->mtrr_default = value;
    return true;
}

static bool write(struct vm *vm, uint32_t index, uint64_t value)
{
    switch (index) {
    case MSR_TSC:
        return write_tsc(vm, value);
    case MSR_APIC_BASE:
        return lapic_write_base(&vm->platform.lapic, value);
    case MSR_MTRR_DEFAULT:
        return write_mtrr_default(vm, value);
    case MSR_KVM_SYSTEM_TIME:
    case MSR_KVM_SYSTEM_TIME_OLD:
        return write_system_time(vm, value);
    case MSR_KVM_WALL_CLOCK:
    case MSR_KVM_WALL_CLOCK_OLD:
        return kvmclock_write_wall_clock(&vm->kvmclock, &vm->memory, value);
    case MSR_KVM_STEAL_TIME:
        return kvmclock_write_steal(&vm->kvmclock, &vm->memory, value);
    case MSR_KVM_EOI:
        return write_eoi_word(vm, value);
    case MSR_EFER:
        return write_efer(vm, value);
    case MSR_PAT:
        return write_pat(vm, value);
    default:
        break;
    }
    if (index >= LAPIC_MSR_FIRST && index <= LAPIC_MSR_LAST) {
        return platform_write_apic_msr(&vm->platform, index, value, vm_now_ns(vm));
    }
    return write_table(vm, index);
}

/* The two that a guest writes for each interrupt and each tick: most often nothing else follows from them. */
static bool write_often(struct vm *vm, uint32_t index, uint64_t value)
{
    struct platform *platform = &vm->platform;
    if (index == MSR_TSC_DEADLINE) {
        lapic_write_tsc_deadline(&platform->lapic, value);
        vm_plan_tsc_deadline(vm);
        return true;
    }
    if (index != LAPIC_MSR_FIRST + LAPIC_EOI / 16 || !platform_write_apic_msr(platform, index, value, 0)) {
        return false;
    }
    if (lapic_waiting(&platform->lapic) || platform->ioapic.lines != 0) {
        vm->attention = true;
    }
    return true;
}

void vm_exit_wrmsr(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint64_t value = (uint32_t)state->gpr[GPR_RAX] | state->gpr[GPR_RDX] << 32;
    if (write_often(vm, (uint32_t)state->exit_info, value)) {
        vm_advance(vm, state->exit_insn_bytes);
        return;
    }
    vm->attention = true; /* most of them move a timer or an interrupt */
    if (!write(vm, (uint32_t)state->exit_info, value)) {
        vm_fault_gp(vm);
        return;
    }
    vm_advance(vm, state->exit_insn_bytes);
}

/* [SDM-2023-09] Vol 2 XSETBV. QEMU 7.2 never exits here; the kernel switches XCR0 in any case. */
void vm_exit_xsetbv(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint64_t value = (uint32_t)state->gpr[GPR_RAX] | state->gpr[GPR_RDX] << 32;
    if (vm->cpuid.xcr0_allowed == 0) {
        vm_fault_ud(vm);
        return;
    }
    bool consistent = (value & 1u) != 0 && (value & 6u) != 4 && (value & ~vm->cpuid.xcr0_allowed) == 0;
    if ((uint32_t)state->gpr[GPR_RCX] != 0 || state->cpl != 0 || !consistent) {
        vm_fault_gp(vm);
        return;
    }
    if (vm_read(vm, VCPU_GROUP_CONTROL)) {
        state->xcr0 = value;
        vm_mark_dirty(vm, VCPU_GROUP_CONTROL);
        vm_advance(vm, state->exit_insn_bytes);
    }
}
