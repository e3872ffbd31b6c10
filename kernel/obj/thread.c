#include "obj/thread.h"

#include "base/panic.h"
#include "hw/barrier.h"
#include "hw/paging.h"
#include "hw/x86.h"
#include "obj/endpoint.h"
#include "obj/notif.h"
#include "obj/vcpu.h"

void queue_append(struct thread_queue *queue, struct thread *thread)
{
    thread->queue_prev = queue->tail;
    thread->queue_next = NULL;
    if (queue->tail) queue->tail->queue_next = thread;
    else queue->head = thread;
    queue->tail = thread;
}

void queue_remove(struct thread_queue *queue, struct thread *thread)
{
    if (thread->queue_prev) thread->queue_prev->queue_next = thread->queue_next;
    else queue->head = thread->queue_next;
    if (thread->queue_next) thread->queue_next->queue_prev = thread->queue_prev;
    else queue->tail = thread->queue_prev;
    thread->queue_next = NULL;
    thread->queue_prev = NULL;
}

void thread_init(struct thread *thread)
{
    thread->timer.kind = TIMER_THREAD;
    thread->timer.when = NEVER;
    thread->regs.cs = SELECTOR_USER_CODE;
    thread->regs.ss = SELECTOR_USER_DATA;
    thread->regs.rflags = 0x202; /* IF and the bit that is always one */
    thread->resume = RESUME_IRET;
    thread->state = THREAD_STATE_INACTIVE;
    fpu_init(&thread->fpu);
}

static void *part_object(struct slot *const parts[THREAD_PLACES], enum place place)
{
    return parts[place] ? cap_object(parts[place]) : NULL;
}

void thread_configure(
    struct cpu *cpu, struct thread *thread, struct slot *const parts[THREAD_PLACES], bool fpu, uint32_t compartment)
{
    const struct space *space = part_object(parts, PLACE_SPACE);

    for (uint32_t place = 0; place < THREAD_PLACES; place++)
        if (parts[place]) cap_hide(&thread->hidden[place], parts[place], place);
    thread->cr3 = space->root_pa.value;
    thread->captab = part_object(parts, PLACE_CAPTAB);
    thread->own = part_object(parts, PLACE_SCHED);
    thread->reserve = part_object(parts, PLACE_RESERVE);
    thread->bound = part_object(parts, PLACE_NOTIF);
    thread->sched = thread->own;
    if (thread->own) thread->own->owner = thread;
    if (thread->reserve) thread->reserve->owner = thread;
    if (thread->bound) thread->bound->bound = thread;
    thread->fpu_right = fpu;
    thread->careful = fpu || barriers != 0;
    thread->compartment = compartment;
    thread->configured = true;
    cpu->threads[thread->number] = thread;
}

void thread_ready(struct cpu *cpu, struct thread *thread)
{
    if (thread->state != THREAD_STATE_IN_GUEST) thread->state = THREAD_STATE_READY;
    if (!thread->sched) return;
    thread->sched->holder = thread;
    sched_enqueue(cpu, thread->sched);
}

void thread_block(struct cpu *cpu, struct thread *thread, enum thread_state state)
{
    thread->state = (uint8_t)state;
    if (thread->sched && thread->sched->holder == thread) sched_dequeue(cpu, thread->sched);
    if (cpu->current == thread) cpu->reschedule = true;
}

void thread_use_sched(struct cpu *cpu, struct thread *thread, struct sched *sched)
{
    struct sched *old = thread->sched;

    for (;;) {
        if (old && old->holder == thread) {
            sched_dequeue(cpu, old);
            old->holder = NULL; /* a context outlives who last ran on it */
        }
        thread->sched = sched;
        /* Who was lent the old one follows; who has fallen back on a reserve stays there. */
        if (!thread->callee || thread->callee->lender != thread || thread->callee->sched != old) break;
        thread = thread->callee;
    }
    if (!sched) {
        if (cpu->current == thread) cpu->reschedule = true;
        return;
    }
    if (sched->holder != thread) sched_dequeue(cpu, sched);
    sched->holder = thread;
    if (thread_runnable(thread)) sched_enqueue(cpu, sched);
}

void thread_lend(struct cpu *cpu, struct thread *caller, struct thread *server)
{
    /* Lent to a server that was stopped before it came to the call: another one has taken its place. */
    if (caller->callee && caller->callee != server) thread_unlend(cpu, caller->callee);
    caller->callee = server;
    server->lender = caller;
    thread_use_sched(cpu, server, caller->sched);
}

/* Work on the reserve is charged to @debtor from here on. */
static void use_reserve(struct cpu *cpu, struct thread *thread, struct sched *debtor)
{
    thread->debtor = debtor;
    thread->reserve_start = thread->reserve->consumed;
    thread_use_sched(cpu, thread, thread->reserve);
}

void thread_unlend(struct cpu *cpu, struct thread *server)
{
    struct thread *lender = server->lender;

    if (!lender && server->sched == server->own) return;
    if (server->debtor) {
        sched_charge(cpu, rdtsc());
        server->debtor->debt += server->reserve->consumed - server->reserve_start;
        server->debtor = NULL;
    }
    if (lender && lender->callee == server && server->caller != lender) lender->callee = NULL;
    server->lender = NULL;
    thread_use_sched(cpu, server, server->own);
}

void thread_fall_back(struct cpu *cpu, struct thread *thread)
{
    if (thread->reserve && thread->sched != thread->reserve && thread->caller) use_reserve(cpu, thread, thread->sched);
}

/* The server that worked for @caller goes on with what it has of its own. */
static void callee_abandon(struct cpu *cpu, struct thread *caller)
{
    struct thread *server = caller->callee;

    caller->callee = NULL;
    if (!server) return;
    if (server->caller == caller) server->caller = NULL;
    if (server->lender != caller) return;
    server->lender = NULL;
    if (server->debtor) return; /* it runs on its reserve already */
    if (server->own || !server->reserve) thread_use_sched(cpu, server, server->own);
    else use_reserve(cpu, server, caller->sched);
}

void thread_unwait(struct cpu *cpu, struct thread *thread)
{
    if (thread->endpoint) endpoint_forget(thread->endpoint, thread);
    if (thread->notif) queue_remove(&thread->notif->queue, thread);
    thread->endpoint = NULL;
    thread->notif = NULL;
    callee_abandon(cpu, thread);
}

void thread_answer(struct thread *thread, enum error status, uint64_t label, uint64_t word)
{
    static const struct registers none;

    message_copy(&thread->regs, &none, 0);
    thread->regs.rax = status;
    thread->regs.rdi = 0;
    thread->regs.rsi = label;
    thread->regs.rbx = word;
    thread->resume = RESUME_SYSCALL;
    thread->state = THREAD_STATE_READY;
}

void thread_wake(struct cpu *cpu, struct thread *thread, enum error status)
{
    enum thread_state state = (enum thread_state)thread->state;

    thread_unwait(cpu, thread);
    if (state == THREAD_STATE_FAULTED) thread->state = THREAD_STATE_STOPPED;
    if (state != THREAD_STATE_CALLING && state != THREAD_STATE_WAITING && state != THREAD_STATE_NOTIF_WAITING &&
        state != THREAD_STATE_HYPERCALL)
        return;
    thread_answer(thread, status, 0, 0);
    if (state == THREAD_STATE_HYPERCALL) {
        vcpu_answer(thread->vcpu, status, 0, &thread->regs);
        thread->state = THREAD_STATE_IN_GUEST;
    }
    thread_ready(cpu, thread);
}

void thread_stop(struct cpu *cpu, struct thread *thread, enum thread_state state)
{
    if (thread->state == THREAD_STATE_INACTIVE) return;
    thread_wake(cpu, thread, ERR_CANCELED);
    if (thread->state == THREAD_STATE_IN_GUEST) {
        vcpu_return(thread, RUN_REASON_NOTIFICATION, 0);
        thread->regs.rax = ERR_CANCELED;
    }
    thread_block(cpu, thread, state);
}

void thread_retire(struct cpu *cpu, struct thread *thread)
{
    struct thread *caller = thread->caller;

    thread_stop(cpu, thread, THREAD_STATE_STOPPED);
    if (caller) {
        thread->caller = NULL;
        thread_wake(cpu, caller, ERR_PEER);
    }
    thread_unlend(cpu, thread);
    for (uint32_t place = 0; place < THREAD_PLACES; place++)
        if (thread->hidden[place].cap.type != OBJECT_TYPE_NONE) cap_forget(cpu, &thread->hidden[place]);
    if (thread->timer.link) timer_disarm(cpu, &thread->timer);
    fpu_forget(cpu, &thread->fpu);
    endpoint_disown(thread);
    if (thread->configured) cpu->threads[thread->number] = NULL;
    if (cpu->current == thread) {
        cpu->current = NULL;
        cpu->reschedule = true;
    }
}

void thread_lost(struct cpu *cpu, struct slot *slot)
{
    enum place place = (enum place)slot->cap.space_index;
    struct thread *thread = (struct thread *)(void *)((uint8_t *)(slot - place) - offsetof(struct thread, hidden));

    switch (place) {
    case PLACE_SPACE: thread->cr3 = kernel_root().value; break;
    case PLACE_CAPTAB: thread->captab = NULL; break;
    case PLACE_SCHED:
        if (thread->sched == thread->own) thread_use_sched(cpu, thread, NULL);
        thread->own->holder = NULL;
        thread->own->owner = NULL;
        thread->own = NULL;
        break;
    case PLACE_RESERVE:
        if (thread->sched == thread->reserve) thread_use_sched(cpu, thread, thread->lender ? thread->lender->sched : thread->own);
        thread->debtor = NULL;
        thread->reserve->holder = NULL;
        thread->reserve->owner = NULL;
        thread->reserve = NULL;
        return;
    case PLACE_FAULT: return;
    case PLACE_NOTIF:
        thread->bound->bound = NULL;
        thread->bound = NULL;
        return;
    case THREAD_PLACES: panic("hidden slot of no thread");
    }
    thread_stop(cpu, thread, THREAD_STATE_STOPPED);
}

void thread_switch(struct cpu *cpu, struct thread *next)
{
    cpu->current = next;
    cpu->tss.rsp0 = (uint64_t)(&next->regs + 1);
    if (next->cr3 != cpu->cr3) {
        cpu->cr3 = next->cr3;
        write_cr3(next->cr3);
    }
    if (UNLIKELY(next->compartment != cpu->compartment)) {
        cpu->compartment = next->compartment;
        if (UNLIKELY(barriers != 0)) barrier_run();
        fpu_switch(cpu, next->fpu_right ? &next->fpu : NULL);
    } else if (next->fpu_right && cpu->fpu != &next->fpu) {
        fpu_switch(cpu, &next->fpu);
    }
    /* Loading a selector makes it 0 unseen: only 0 can be trusted to stand there still. */
    if (UNLIKELY((next->fs_base | cpu->fs_base) != 0)) {
        cpu->fs_base = next->fs_base;
        wrmsr(MSR_FS_BASE, next->fs_base);
    }
}
