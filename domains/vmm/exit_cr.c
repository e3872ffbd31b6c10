/* Writes of CR0 and CR4 that the kernel watches on Intel's processors: caching and machine-check bits stay the host's, and what is
 * not offered is refused. The guest reads what it wrote. */
#include <string.h>

#include "context.h"
#include "control.h"
#include "vm.h"

#define GROUPS ((uint32_t)VCPU_GROUP_CONTROL | (uint32_t)VCPU_GROUP_SEGMENT | (uint32_t)VCPU_GROUP_EFER)

void vm_exit_cr(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    uint64_t number = state->exit_info, value = state->gpr[state->exit_size & 15u];
    if (state->exit_flags != CR_ACCESS_MOV_TO || (number != 0 && number != 4)) {
        vm_die(vm, DEATH_VMM_CHECK, "an access to a control register that was never asked for");
        return;
    }
    if (!vm_read(vm, GROUPS)) {
        return;
    }
    bool code_64 = context_code_mode(state) == CODE_64;
    struct control control = {
        .cr0 = state->cr0, .cr3 = state->cr3, .cr4 = state->cr4, .efer = state->efer, .code_64 = code_64};
    memcpy(control.pdpte, state->pdpte, sizeof control.pdpte);
    value = code_64 ? value : (uint32_t)value;
    bool fine = number == 0
                    ? control_write_cr0(&control, &vm->memory, value)
                    : control_write_cr4(&control, &vm->memory, control_cr4_offered(&vm->cpuid), value);
    if (!fine) {
        vm_fault_gp(vm);
        return;
    }
    state->cr0 = control.cr0;
    state->cr4 = control.cr4;
    state->efer = control.efer;
    memcpy(state->pdpte, control.pdpte, sizeof control.pdpte);
    vm_mark_dirty(vm, (uint32_t)VCPU_GROUP_CONTROL | (uint32_t)VCPU_GROUP_EFER);
    vm_advance(vm, state->exit_insn_bytes);
}
