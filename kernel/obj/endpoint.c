#include "obj/endpoint.h"

#include "base/panic.h"
#include "hw/x86.h"
#include "obj/notif.h"
#include "obj/vcpu.h"

static void queue_remove(struct endpoint *endpoint, struct thread *thread)
{
    if (thread->queue_prev) thread->queue_prev->queue_next = thread->queue_next;
    else endpoint->head = thread->queue_next;
    if (thread->queue_next) thread->queue_next->queue_prev = thread->queue_prev;
    else endpoint->tail = thread->queue_prev;
    thread->queue_next = NULL;
    thread->queue_prev = NULL;
}

static void queue_append(struct endpoint *endpoint, struct thread *thread)
{
    thread->queue_prev = endpoint->tail;
    thread->queue_next = NULL;
    if (endpoint->tail) endpoint->tail->queue_next = thread;
    else endpoint->head = thread;
    endpoint->tail = thread;
    thread->endpoint = endpoint;
}

static bool queued(const struct endpoint *endpoint, const struct thread *thread)
{
    return thread->queue_prev || endpoint->head == thread;
}

/* Give @caller's message to @server, which becomes ready on @caller's context. */
static void deliver(struct cpu *cpu, struct thread *caller, struct thread *server)
{
    struct registers *to = &server->regs;

    if (caller->state == THREAD_STATE_FAULTED) {
        const struct registers *from = &caller->regs;
        const struct registers words = {.rbx = caller->fault_vector,
            .rbp = caller->fault_code,
            .r12 = from->rip,
            .r13 = caller->fault_address,
            .r14 = from->rsp,
            .r15 = from->rflags};

        message_copy(to, &words, 6);
    } else {
        message_copy(to, &caller->regs, label_length(caller->pending_label));
    }
    to->rax = OK;
    to->rsi = caller->pending_label;
    to->rdi = caller->pending_badge;
    server->resume = RESUME_SYSCALL;
    server->caller = caller;
    server->state = THREAD_STATE_READY;
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
    queue_append(endpoint, caller);
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
    switch ((enum thread_state)caller->state) {
    case THREAD_STATE_HYPERCALL:
        vcpu_answer(caller->vcpu, OK, label, words);
        caller->state = THREAD_STATE_IN_GUEST;
        break;
    case THREAD_STATE_FAULTED:
        caller->state = THREAD_STATE_STOPPED;
        if (label_status(label) != OK) return;
        caller->state = THREAD_STATE_READY;
        break;
    case THREAD_STATE_CALLING:
        message_copy(&caller->regs, words, label_length(label));
        caller->regs.rax = OK;
        caller->regs.rsi = label;
        caller->regs.rdi = 0;
        caller->resume = RESUME_SYSCALL;
        caller->state = THREAD_STATE_READY;
        break;
    case THREAD_STATE_INACTIVE:
    case THREAD_STATE_READY:
    case THREAD_STATE_WAITING:
    case THREAD_STATE_NOTIF_WAITING:
    case THREAD_STATE_IN_GUEST:
    case THREAD_STATE_STOPPED: panic("answer to a thread that does not call");
    }
    thread_ready(cpu, caller);
}

/* The bound notification has bits: they are the message. */
static bool take_notification(struct thread *server)
{
    static const struct registers none;

    if (!server->bound || !server->bound->bits) return false;
    message_copy(&server->regs, &none, 0);
    server->regs.rax = OK;
    server->regs.rdi = 0;
    server->regs.rsi = label_make(0, 0, 1);
    server->regs.rbx = server->bound->bits;
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
    if (endpoint->head) {
        struct thread *caller = endpoint->head;

        queue_remove(endpoint, caller);
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
    else if (queued(endpoint, thread)) queue_remove(endpoint, thread);
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++)
        if (endpoint->deferred[place] == thread) endpoint->deferred[place] = NULL;
}

void endpoint_retire(struct cpu *cpu, struct endpoint *endpoint)
{
    if (endpoint->server) thread_wake(cpu, endpoint->server, ERR_RETIRED);
    while (endpoint->head) thread_wake(cpu, endpoint->head, ERR_PEER);
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++)
        if (endpoint->deferred[place]) thread_wake(cpu, endpoint->deferred[place], ERR_PEER);
    if (endpoint->owner) endpoint_disown(endpoint->owner);
}
