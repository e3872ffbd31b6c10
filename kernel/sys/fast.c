#include "hw/x86.h"
#include "sys/sys.h"

uint32_t sys_fast_rest(struct vcpu *vcpu, enum hvm_exit exit)
{
    struct cpu *cpu = cpu_self();
    struct thread *thread = cpu->current;

    vcpu_enter(vcpu, thread, thread->deadline);
    return vcpu_continue(cpu, thread, exit) ? FAST_MESSAGE_STATUS : FAST_LEAVE_STATUS;
}
