#include "sys/sys.h"

enum error sys_endpoint_call(struct invocation *call)
{
    const struct capability *cap = &call->slot->cap;
    struct registers *regs = &call->thread->regs;
    enum error error = endpoint_check_label(cap, regs->rsi);

    if (error) return error;
    return endpoint_call(call->cpu, cap_object(call->slot), call->thread, cap->badge, regs->rsi, regs->rdi, THREAD_STATE_CALLING);
}

enum error sys_endpoint_wait(struct invocation *call)
{
    endpoint_wait(call->cpu, cap_object(call->slot), call->thread, call->thread->regs.rdi);
    return OK;
}

/* A reply's label: length and status, nothing else. */
static enum error check_reply(uint64_t label)
{
    if (label & ~(uint64_t)(LABEL_LENGTH_MASK | LABEL_STATUS_MASK)) return ERR_LENGTH;
    return label_length(label) > MESSAGE_WORDS ? ERR_LENGTH : OK;
}

enum error sys_endpoint_reply_wait(struct invocation *call)
{
    struct registers *regs = &call->thread->regs;
    enum error error = check_reply(regs->rsi);

    if (error) return error;
    endpoint_reply(call->cpu, call->thread, regs->rsi);
    endpoint_wait(call->cpu, cap_object(call->slot), call->thread, regs->rdi);
    return OK;
}

enum error sys_endpoint_defer(struct invocation *call)
{
    return endpoint_defer(call->cpu, cap_object(call->slot), call->thread, &call->thread->regs.rbx);
}

enum error sys_endpoint_resume(struct invocation *call)
{
    struct registers *regs = &call->thread->regs;
    enum error error = check_reply(regs->rsi);

    if (error) return error;
    return endpoint_resume(call->cpu, cap_object(call->slot), call->thread, regs->rdi, regs->rsi);
}

enum error sys_notif_signal(struct invocation *call, const struct notif_signal_args *args)
{
    if (args->bits & ~(uint64_t)call->slot->cap.mask) return ERR_METHOD;

    notif_signal(call->cpu, cap_object(call->slot), args->bits);
    return OK;
}

enum error sys_notif_wait(struct invocation *call)
{
    notif_wait(call->cpu, cap_object(call->slot), call->thread, call->thread->regs.rdi);
    return OK;
}
