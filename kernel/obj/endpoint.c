#include "obj/endpoint.h"

#include "base/panic.h"
#include "hw/x86.h"
#include "obj/notif.h"
#include "obj/vcpu.h"

/* Give @caller's message to @server, which becomes ready on @caller's context. */
static void deliver(struct cpu *cpu, struct thread *caller, struct thread *server)
{
    const struct registers *from = &caller->regs;

    thread_answer(server, OK, caller->pending_label, 0);
    server->regs.rdi = caller->pending_badge;
    if (caller->state == THREAD_STATE_FAULTED) {
        const struct registers fault = {
            .word = {caller->fault_vector, caller->fault_code, from->rip, caller->fault_address, from->rsp, from->rflags}};

        message_copy(&server->regs, &fault, 6);
    } else {
        message_copy(&server->regs, from, label_length(caller->pending_label));
    }
    server->caller = caller;
    server->endpoint = NULL;
    caller->endpoint = NULL;
    if (server->lender && server->lender != caller) thread_unlend(cpu, server);
    thread_lend(cpu, caller, server);
    thread_ready(cpu, server);
}

enum error endpoint_call(struct cpu *cpu, struct endpoint *endpoint, struct thread *caller, uint64_t badge, uint64_t label,
    uint64_t deadline, enum thread_state state)
{
    struct thread *server = endpoint->server, *owner = endpoint->owner;

    if (owner && owner->reserve && caller->sched && caller->sched->debt) return ERR_DEBT;
    if (deadline == 0) return ERR_TIMEOUT; /* no answer can come in no time */
    if (owner == caller) return ERR_STATE;
    caller->pending_label = label;
    caller->pending_badge = badge;
    caller->state = (uint8_t)state;
    cpu->reschedule = true;
    thread_arm(cpu, caller, deadline);
    if (server) {
        endpoint->server = NULL;
        deliver(cpu, caller, server);
        return OK;
    }
    queue_append(&endpoint->queue, caller);
    caller->endpoint = endpoint;
    thread_block(cpu, caller, state);
    /* A server that lost its context in mid-service goes on with this caller's. */
    if (owner && !owner->sched && !owner->lender) thread_lend(cpu, caller, owner);
    return OK;
}

void endpoint_reply(struct cpu *cpu, struct thread *server, uint64_t label)
{
    struct thread *caller = server->caller;

    server->caller = NULL;
    if (caller) endpoint_answer(cpu, caller, label, &server->regs);
}

void endpoint_answer(struct cpu *cpu, struct thread *caller, uint64_t label, const struct registers *words)
{
    struct thread *server = caller->callee;

    caller->callee = NULL;
    if (server && (server->lender == caller || server->debtor)) thread_unlend(cpu, server);
    if (caller->state == THREAD_STATE_HYPERCALL) {
        vcpu_answer(caller->vcpu, OK, label, words);
        caller->state = THREAD_STATE_IN_GUEST;
    } else if (caller->state == THREAD_STATE_FAULTED) {
        caller->state = THREAD_STATE_STOPPED;
        if (label_status(label) != OK) return;
        caller->state = THREAD_STATE_READY;
    } else {
        ASSERT(caller->state == THREAD_STATE_CALLING);
        thread_answer(caller, OK, label, 0);
        message_copy(&caller->regs, words, label_length(label));
    }
    thread_ready(cpu, caller);
}

/* The bound notification has bits: they are the message. */
static bool take_notification(struct thread *server)
{
    if (!server->bound || !server->bound->bits) return false;
    thread_answer(server, OK, label_make(0, 0, 1), server->bound->bits);
    server->bound->bits = 0;
    return true;
}

void endpoint_wait(struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t deadline)
{
    struct thread *unanswered = server->caller, *owner = endpoint->owner;

    server->resume = RESUME_SYSCALL;
    if (unanswered) { /* it waits for something new: the old caller gets none */
        server->caller = NULL;
        thread_wake(cpu, unanswered, ERR_PEER);
    }
    thread_unlend(cpu, server);
    if (endpoint->server || (owner && owner != server && owner->state != THREAD_STATE_STOPPED)) {
        server->regs.rax = ERR_BUSY;
        return;
    }
    if (server->owns != endpoint) endpoint_disown(server);
    if (owner && owner != server) endpoint_disown(owner);
    server->owns = endpoint;
    endpoint->owner = server;
    if (take_notification(server)) return;
    if (endpoint->queue.head) {
        struct thread *caller = endpoint->queue.head;

        queue_remove(&endpoint->queue, caller);
        deliver(cpu, caller, server);
        return;
    }
    if (deadline == 0) {
        server->regs.rax = ERR_TIMEOUT;
        return;
    }
    endpoint->server = server;
    server->endpoint = endpoint;
    thread_arm(cpu, server, deadline);
    thread_block(cpu, server, THREAD_STATE_WAITING);
}

enum error endpoint_defer(struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t *token)
{
    struct thread *caller = server->caller;

    if (!caller || endpoint->owner != server) return ERR_STATE;
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++) {
        if (endpoint->deferred[place]) continue;
        endpoint->deferred[place] = caller;
        *token = place | ++endpoint->generation[place] << 8;
        server->caller = NULL;
        caller->endpoint = endpoint;
        if (server->lender == caller || server->debtor) thread_unlend(cpu, server);
        caller->callee = NULL;
        return OK;
    }
    return ERR_LIMIT;
}

enum error endpoint_resume(struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t token, uint64_t label)
{
    uint64_t place = token & 0xff;
    struct thread *caller;

    if (place >= ENDPOINT_PLACES) return ERR_RANGE;
    caller = endpoint->deferred[place];
    if (!caller || endpoint->generation[place] != token >> 8) return ERR_PEER;
    endpoint->deferred[place] = NULL;
    caller->endpoint = NULL;
    endpoint_answer(cpu, caller, label, &server->regs);
    return OK;
}

void endpoint_disown(struct thread *thread)
{
    if (thread->owns) thread->owns->owner = NULL;
    thread->owns = NULL;
}

void endpoint_forget(struct endpoint *endpoint, struct thread *thread)
{
    if (endpoint->server == thread) endpoint->server = NULL;
    else if (thread->queue_prev || endpoint->queue.head == thread) queue_remove(&endpoint->queue, thread);
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++)
        if (endpoint->deferred[place] == thread) endpoint->deferred[place] = NULL;
}

void endpoint_retire(struct cpu *cpu, struct endpoint *endpoint)
{
    if (endpoint->server) thread_wake(cpu, endpoint->server, ERR_RETIRED);
    while (endpoint->queue.head) thread_wake(cpu, endpoint->queue.head, ERR_PEER);
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++)
        if (endpoint->deferred[place]) thread_wake(cpu, endpoint->deferred[place], ERR_PEER);
    if (endpoint->owner) endpoint_disown(endpoint->owner);
}
