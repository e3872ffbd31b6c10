#include "hw/x86.h"
#include "obj/access.h"
#include "sys/sys.h"

/* What entry.S hands to the thread that runs next. */
static uint64_t answer(struct cpu *cpu, uint64_t badge, uint64_t label, struct registers *extra)
{
    cpu->badge = badge;
    cpu->label = label;
    cpu->extra = extra;
    return OK;
}

/* Call: the server waits, and goes on with the caller's context. Words 0-5 are in their registers already. */
static uint64_t fast_call(struct cpu *cpu, struct thread *caller, uint64_t index, uint64_t label, uint64_t deadline)
{
    struct slot *slot;
    struct endpoint *endpoint;
    struct thread *server;

    if (captab_find(caller->captab, index, OBJECT_TYPE_ENDPOINT, RIGHT_CALL, &slot) != OK) return FAST_NO;
    if (endpoint_check_label(&slot->cap, label) != OK) return FAST_NO;
    endpoint = cap_object(slot);
    server = endpoint->server;
    if (!server || deadline == 0 || (server->reserve && caller->sched->debt)) return FAST_NO;

    caller->state = THREAD_STATE_CALLING;
    thread_arm(cpu, caller, deadline);
    endpoint_hand_over(endpoint, caller, server);
    thread_switch(cpu, server);
    return answer(cpu, slot->cap.badge, label, &caller->regs);
}

/* Reply and wait: the caller goes on with its own context; nobody queues, nothing is signalled. */
static uint64_t fast_reply_wait(struct cpu *cpu, struct thread *server, uint64_t index, uint64_t label, uint64_t deadline)
{
    struct thread *caller = server->caller;
    bool guest = caller && caller->state == THREAD_STATE_HYPERCALL && label_length(label) <= 6;
    struct slot *slot;
    struct endpoint *endpoint;

    if (captab_find(server->captab, index, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT, &slot) != OK) return FAST_NO;
    endpoint = cap_object(slot);
    if (!guest && (!caller || caller->state != THREAD_STATE_CALLING)) return FAST_NO;
    if (server->lender != caller || server->debtor) return FAST_NO;
    if (server->owns != endpoint || endpoint->head || deadline == 0 || (server->bound && server->bound->bits)) return FAST_NO;
    if (UNLIKELY((label & ~(uint64_t)(LABEL_LENGTH_MASK | LABEL_STATUS_MASK)) != 0 || label_length(label) > MESSAGE_WORDS)) return FAST_NO;

    server->caller = NULL;
    server->lender = NULL;
    server->sched = server->own;
    server->state = THREAD_STATE_WAITING;
    server->resume = RESUME_SYSCALL;
    server->endpoint = endpoint;
    endpoint->server = server;
    thread_arm(cpu, server, deadline);
    caller->callee = NULL;
    caller->state = guest ? THREAD_STATE_IN_GUEST : THREAD_STATE_READY;
    caller->sched->holder = caller;
    thread_switch(cpu, caller);
    if (!guest) return answer(cpu, 0, label, &server->regs);
    cpu->label = label;
    cpu->guest_words = caller->vcpu->hvm.state->gpr;
    return FAST_GUEST;
}

/* Signal: nobody waits, nobody is bound. */
static uint64_t fast_signal(struct cpu *cpu, struct thread *thread, uint64_t index, uint64_t bits)
{
    struct notif *notif;
    struct slot *slot;

    if (captab_find(thread->captab, index, OBJECT_TYPE_NOTIF, RIGHT_SIGNAL, &slot) != OK) return FAST_NO;
    notif = cap_object(slot);
    if (notif->head || notif->bound || (bits & ~(uint64_t)slot->cap.mask) != 0) return FAST_NO;

    notif->bits |= bits;
    return answer(cpu, 0, 0, NULL);
}

uint64_t sys_fast(uint64_t call, uint64_t label, uint64_t deadline, uint64_t word0)
{
    struct cpu *cpu = cpu_self();
    struct thread *thread = cpu->current;
    uint64_t index = (uint32_t)call;

    if (UNLIKELY(cpu->reschedule)) return FAST_NO;
    switch (call >> CALL_SHIFT) {
    case CALL_ENDPOINT_CALL: return fast_call(cpu, thread, index, label, deadline);
    case CALL_ENDPOINT_REPLY_WAIT: return fast_reply_wait(cpu, thread, index, label, deadline);
    case CALL_NOTIF_SIGNAL: return fast_signal(cpu, thread, index, word0);
    default: return FAST_NO;
    }
}

uint64_t sys_fast_wait(uint64_t call)
{
    struct cpu *cpu = cpu_self();
    struct notif *notif;
    struct slot *slot;
    uint64_t bits;

    if (captab_find(cpu->current->captab, (uint32_t)call, OBJECT_TYPE_NOTIF, RIGHT_WAIT, &slot) != OK) return 0;
    notif = cap_object(slot);
    bits = notif->bits;
    notif->bits = 0;
    return bits;
}

uint64_t sys_fast_run(uint64_t call, uint64_t deadline)
{
    struct cpu *cpu = cpu_self();
    struct thread *thread = cpu->current;
    struct slot *slot;
    struct vcpu *vcpu;
    enum hvm_exit exit;
    enum error error;

    if (captab_find(thread->captab, (uint32_t)call, OBJECT_TYPE_VCPU, RIGHT_MANAGE, &slot) != OK) return FAST_NO;
    vcpu = cap_object(slot);
    if (UNLIKELY(vcpu_run_check(vcpu) != OK || deadline == 0 || cpu->reschedule || (thread->bound && thread->bound->bits))) return FAST_NO;
    error = hvm_apply(&vcpu->hvm, read_once32(&vcpu->hvm.state->dirty));
    if (UNLIKELY(error)) return error;
    thread_arm(cpu, thread, deadline);
    exit = hvm_run(cpu, &vcpu->hvm, vcpu->space->generation);
    /* Most exits are the VMM's: nothing but the two of them has run, so no state needs to be told to anyone. */
    if (LIKELY(exit == HVM_EXIT_VMM)) return OK;
    vcpu_enter(vcpu, thread, deadline);
    return vcpu_continue(cpu, thread, exit) ? FAST_MESSAGE : FAST_LEAVE;
}
