#include "sys/sys.h"

/* Exhaustive over the calls; an unknown number was refused before. */
static enum error dispatch(enum call number, struct invocation *call)
{
    switch (number) {
    case CALL_NULL: return OK;
    case CALL_ENDPOINT_CALL: return sys_endpoint_call(call);
    case CALL_ENDPOINT_WAIT: return sys_endpoint_wait(call);
    case CALL_ENDPOINT_REPLY_WAIT: return sys_endpoint_reply_wait(call);
    case CALL_ENDPOINT_DEFER: return sys_endpoint_defer(call);
    case CALL_ENDPOINT_RESUME: return sys_endpoint_resume(call);
    case CALL_NOTIF_SIGNAL: return sys_notif_signal(call);
    case CALL_NOTIF_WAIT: return sys_notif_wait(call);
    case CALL_VCPU_RUN: return sys_vcpu_run(call);
    case CALL_UNTYPED_RETYPE: return sys_untyped_retype(call);
    case CALL_UNTYPED_INFO: return sys_untyped_info(call);
    case CALL_CAPTAB_COPY: return sys_captab_copy(call);
    case CALL_CAPTAB_DELETE: return sys_captab_delete(call);
    case CALL_CAPTAB_REVOKE: return sys_captab_revoke(call);
    case CALL_CAPTAB_INSPECT: return sys_captab_inspect(call);
    case CALL_SPACE_MAP: return sys_space_map(call);
    case CALL_SPACE_UNMAP: return sys_space_unmap(call);
    case CALL_SPACE_INFO: return sys_space_info(call);
    case CALL_THREAD_CONFIGURE: return sys_thread_configure(call);
    case CALL_THREAD_RESUME: return sys_thread_resume(call);
    case CALL_THREAD_SUSPEND: return sys_thread_suspend(call);
    case CALL_THREAD_READ: return sys_thread_read(call);
    case CALL_THREAD_WRITE: return sys_thread_write(call);
    case CALL_SCHED_CONFIGURE: return sys_sched_configure(call);
    case CALL_SCHED_INFO: return sys_sched_info(call);
    case CALL_SCHED_YIELD: return sys_sched_yield(call);
    case CALL_VCPU_CONFIGURE: return sys_vcpu_configure(call);
    case CALL_VCPU_READ: return sys_vcpu_read(call);
    case CALL_IRQ_BIND: return sys_irq_bind(call);
    case CALL_IRQ_ACK: return sys_irq_ack(call);
    case CALL_IOPORT_IN: return sys_ioport_in(call);
    case CALL_IOPORT_OUT: return sys_ioport_out(call);
    case CALL_CONTROL_IOPORT: return sys_control_ioport(call);
    case CALL_CONTROL_IRQ: return sys_control_irq(call);
    }
    return ERR_SYSCALL;
}

/* docs/architecture.md 1: slot in bits 0-31, number in 32-39, the rest zero. */
static enum error decode(struct cpu *cpu, struct invocation *call, enum call *number)
{
    struct thread *thread = cpu->current;
    const struct registers *regs = &thread->regs;
    uint64_t value = regs->rax >> CALL_SHIFT;

    if (value >= CALL_LIMIT) return ERR_SYSCALL;
    value = value % CALL_LIMIT;
    *number = (enum call)value;
    if (call_rules[value].type == OBJECT_TYPE_NONE) return value == CALL_NULL ? OK : ERR_SYSCALL;
    *call = (struct invocation){cpu, thread, NULL, regs->word};
    return captab_find(thread->captab, (uint32_t)regs->rax, call_rules[value].type, call_rules[value].right, &call->slot);
}

/* Calls whose answer has words, or comes later. */
#define WITH_WORDS(call) (1ull << (call))
static const uint64_t with_words = WITH_WORDS(CALL_ENDPOINT_CALL) | WITH_WORDS(CALL_ENDPOINT_WAIT) | WITH_WORDS(CALL_ENDPOINT_REPLY_WAIT) |
    WITH_WORDS(CALL_ENDPOINT_DEFER) | WITH_WORDS(CALL_NOTIF_WAIT) | WITH_WORDS(CALL_VCPU_RUN) | WITH_WORDS(CALL_UNTYPED_INFO) |
    WITH_WORDS(CALL_CAPTAB_INSPECT) | WITH_WORDS(CALL_SPACE_INFO) | WITH_WORDS(CALL_THREAD_READ) | WITH_WORDS(CALL_SCHED_INFO) |
    WITH_WORDS(CALL_IOPORT_IN);

bool sys_call(struct cpu *cpu)
{
    struct thread *thread = cpu->current;
    struct invocation call;
    enum call number = CALL_NULL;
    enum error error;

    thread->resume = RESUME_SYSCALL;
    error = decode(cpu, &call, &number);
    /* A wait that begins writes its own answer, now or later: it returns OK and leaves rax alone. */
    if (error == OK) {
        thread->regs.rax = OK;
        error = dispatch(number, &call);
    }
    if (error != OK) thread->regs.rax = error;
    return !cpu->reschedule && cpu->current == thread && !(with_words >> number & 1);
}
