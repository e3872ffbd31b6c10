#include "hw/x86.h"
#include "obj/access.h"
#include "sys/sys.h"

uint32_t sys_fast_run(uint32_t index, uint64_t deadline)
{
    struct cpu *cpu = cpu_self();
    struct thread *thread = cpu->current;
    struct slot *slot;
    struct vcpu *vcpu;
    enum hvm_exit exit;
    enum error error;

    if (captab_find(thread->captab, index, OBJECT_TYPE_VCPU, RIGHT_MANAGE, &slot) != OK) return FAST_NO_STATUS;
    vcpu = cap_object(slot);
    if (UNLIKELY(vcpu_run_check(vcpu) != OK || deadline == 0 || (thread->bound && thread->bound->bits))) return FAST_NO_STATUS;
    error = hvm_apply(&vcpu->hvm, read_once32(&vcpu->hvm.state->dirty));
    if (UNLIKELY(error)) return error;
    thread_arm(cpu, thread, deadline);
    exit = hvm_run(cpu, &vcpu->hvm, vcpu->space->generation);
    /* Most exits are the VMM's: nothing but the two of them has run, so no state needs to be told to anyone. */
    if (LIKELY(exit == HVM_EXIT_VMM)) return OK;
    vcpu_enter(vcpu, thread, deadline);
    return vcpu_continue(cpu, thread, exit) ? FAST_MESSAGE_STATUS : FAST_LEAVE_STATUS;
}
