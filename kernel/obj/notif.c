#include "obj/notif.h"

#include "base/bits.h"
#include "base/panic.h"
#include "hw/x86.h"
#include "obj/endpoint.h"
#include "obj/vcpu.h"

/* The thread's wait ends with @bits in word 0. */
static void give(struct cpu *cpu, struct thread *thread, uint64_t label, uint64_t bits)
{
    thread_wake(cpu, thread, OK);
    thread->regs.rsi = label;
    thread->regs.rbx = bits;
}

/* The bound thread is in its guest: it returns to the VMM, a hypercall it waits for is canceled. */
static void leave_guest(struct cpu *cpu, struct thread *thread, uint64_t bits)
{
    if (thread->state == THREAD_STATE_HYPERCALL) thread_wake(cpu, thread, ERR_CANCELED);
    vcpu_return(thread, RUN_REASON_NOTIFICATION, bits);
    thread_ready(cpu, thread);
}

void notif_signal(struct cpu *cpu, struct notif *notif, uint64_t bits)
{
    struct thread *waiter = notif->queue.head, *bound = notif->bound;
    bool listens = bound && bound->state == THREAD_STATE_WAITING;
    bool runs = bound && (bound->state == THREAD_STATE_IN_GUEST || bound->state == THREAD_STATE_HYPERCALL);

    bits |= notif->bits;
    notif->bits = waiter || listens || runs ? 0 : bits;
    if (bits == 0) return;
    if (waiter) give(cpu, waiter, 0, bits);
    else if (listens) give(cpu, bound, label_make(0, 0, 1), bits);
    else if (runs) leave_guest(cpu, bound, bits);
}

void notif_wait(struct cpu *cpu, struct notif *notif, struct thread *thread, uint64_t deadline)
{
    thread->resume = RESUME_SYSCALL;
    if (notif->bits) {
        thread->regs.rbx = notif->bits;
        notif->bits = 0;
        return;
    }
    if (deadline == 0) {
        thread->regs.rax = ERR_TIMEOUT;
        return;
    }
    queue_append(&notif->queue, thread);
    thread->notif = notif;
    thread_arm(cpu, thread, deadline);
    thread_block(cpu, thread, THREAD_STATE_NOTIF_WAITING);
}

/* The running context is charged; false if it, or the period of @next, has ended: then the scheduler decides. */
static bool still_runs(struct cpu *cpu, const struct sched *next, uint64_t now)
{
    struct sched *sched = cpu->sched;
    uint64_t used = now - cpu->sched_start;

    if (next->exhausted || used >= sched->remaining || now - next->start >= next->period) return false;
    sched->consumed += used;
    sched->remaining -= used;
    return true;
}

static void run_next(struct cpu *cpu, struct sched *next, uint64_t now)
{
    cpu->sched = next;
    cpu->sched_start = now;
    if (now + next->remaining < cpu->timer_set) timer_program(cpu, now + next->remaining);
    thread_switch(cpu, next->holder);
}

bool notif_hand_over(struct cpu *cpu, struct notif *notif, uint64_t bits)
{
    struct thread *waiter = notif->queue.head;
    struct sched *next = waiter->sched;
    uint64_t now;

    if (bits == 0 || waiter->queue_next || !next || next->priority <= cpu->sched->priority || cpu->ready[next->priority].head)
        return false;
    now = rdtsc();
    if (!still_runs(cpu, next, now)) return false;
    waiter->regs.rbx = bits; /* none are set while somebody waits */
    notif->queue = (struct thread_queue){NULL, NULL};
    waiter->notif = NULL;
    waiter->state = THREAD_STATE_READY;
    cpu->ready[next->priority] = (struct sched_queue){next, next};
    cpu->ready_mask |= 1ull << next->priority;
    next->queued = true;
    run_next(cpu, next, now);
    return true;
}

bool notif_give_way(struct cpu *cpu, struct notif *notif, uint64_t deadline)
{
    struct thread *thread = cpu->current;
    struct sched *own = cpu->sched, *next;
    uint64_t others = cpu->ready_mask & ~(1ull << own->priority), now;

    if (notif->queue.head || deadline == 0 || own->next || own->prev || others == 0) return false;
    next = cpu->ready[highest_bit(others)].head;
    now = rdtsc();
    if (next->holder->state != THREAD_STATE_READY || next->holder->resume != RESUME_SYSCALL || !still_runs(cpu, next, now))
        return false;
    notif->queue = (struct thread_queue){thread, thread};
    thread->notif = notif;
    thread->state = THREAD_STATE_NOTIF_WAITING;
    thread_arm(cpu, thread, deadline);
    cpu->ready[own->priority] = (struct sched_queue){NULL, NULL};
    cpu->ready_mask = others;
    own->queued = false;
    run_next(cpu, next, now);
    return true;
}

void notif_retire(struct cpu *cpu, struct notif *notif)
{
    while (notif->queue.head) thread_wake(cpu, notif->queue.head, ERR_RETIRED);
    ASSERT(!notif->bound); /* binding is a hidden slot, revoked before */
}
