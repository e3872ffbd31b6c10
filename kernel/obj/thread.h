/* Threads: registers, what they run with, what they wait for. */
#pragma once

#include "hw/fpu.h"
#include "obj/captab.h"
#include "obj/sched.h"
#include "obj/space.h"

struct endpoint;
struct notif;
struct vcpu;

/* Threads that wait, first in first out. */
struct thread_queue {
    struct thread *head, *tail;
};

/* How the kernel leaves to the thread. */
enum resume { RESUME_SYSCALL, RESUME_IRET, RESUME_GUEST };

struct thread {
    struct registers regs; /* first: entries push here */
    uint8_t state, resume; /* enum thread_state, enum resume */
    bool fpu_right, configured;
    uint32_t compartment;
    uint32_t number; /* in cpu->threads, if configured */
    bool careful;    /* a switch to its compartment does more than load the initial FPU state: entry.S */
    uint64_t cr3, fs_base;
    struct captab *captab;
    struct sched *own, *sched, *reserve;
    struct thread *lender;     /* whose context this server runs on */
    struct thread *caller;     /* to whom this server owes a reply */
    struct thread *callee;     /* which server owes this caller a reply */
    struct endpoint *endpoint; /* waits or queues here; place of a deferred caller */
    struct endpoint *owns;     /* the endpoint whose server it is */
    struct notif *notif;       /* waits here */
    struct notif *bound;       /* wakes endpoint waits and vCPUs */
    struct vcpu *vcpu;         /* runs this, in IN_GUEST and HYPERCALL */
    struct thread *queue_next, *queue_prev;
    uint64_t pending_label, pending_badge;
    uint64_t deadline; /* of the present wait; the timer may fire earlier, never later */
    uint64_t fault_vector, fault_code, fault_address;
    uint64_t reserve_start; /* consumption of the reserve when the lent context ended */
    struct sched *debtor;   /* who pays for the reserve */
    struct timer timer;
    struct slot hidden[THREAD_PLACES];
    struct fpu fpu;
};
_Static_assert(offsetof(struct thread, regs) == 0, "entries push here");
_Static_assert(sizeof(struct thread) <= 4096, "docs/architecture.md 2");

static inline bool thread_runnable(const struct thread *thread)
{
    return thread->state == THREAD_STATE_READY || thread->state == THREAD_STATE_IN_GUEST;
}

void queue_append(struct thread_queue *queue, struct thread *thread);
void queue_remove(struct thread_queue *queue, struct thread *thread);
void thread_init(struct thread *thread);
/* Give an unconfigured thread, whose number is free, what it runs with: a slot or NULL for each place. */
void thread_configure(
    struct cpu *cpu, struct thread *thread, struct slot *const parts[THREAD_PLACES], bool fpu, uint32_t compartment);
/* The thread waits no more: out of every queue; servers and lenders are told. State becomes READY, nothing is answered. */
void thread_unwait(struct cpu *cpu, struct thread *thread);
/* A system call of @thread returns: rax, label, word 0; no badge, the other words are zero. */
void thread_answer(struct thread *thread, enum error status, uint64_t label, uint64_t word);
/* End a wait with @status. */
void thread_wake(struct cpu *cpu, struct thread *thread, enum error status);
/* Make a thread that can run compete for the processor; or take it out. */
void thread_ready(struct cpu *cpu, struct thread *thread);
void thread_block(struct cpu *cpu, struct thread *thread, enum thread_state state);
void thread_stop(struct cpu *cpu, struct thread *thread, enum thread_state state);
void thread_retire(struct cpu *cpu, struct thread *thread);
/* A hidden slot was revoked. */
void thread_lost(struct cpu *cpu, struct slot *slot);

/* Lending: @server runs on what @caller runs on, until it replies or the caller goes. */
void thread_lend(struct cpu *cpu, struct thread *caller, struct thread *server);
void thread_unlend(struct cpu *cpu, struct thread *server);
/* @thread's context changed: those that run on it by lending follow. */
void thread_use_sched(struct cpu *cpu, struct thread *thread, struct sched *sched);
/* The context that @thread runs on has ended in mid-service: go on with the reserve, if there is one. */
void thread_fall_back(struct cpu *cpu, struct thread *thread);

/* Make @next the current thread: address space, extended state, barriers. */
void thread_switch(struct cpu *cpu, struct thread *next);
/* Arm the thread's deadline. A timer left over from an earlier wait may stay: it fires early and is armed again. */
static inline void thread_arm(struct cpu *cpu, struct thread *thread, uint64_t deadline)
{
    thread->deadline = deadline;
    if (deadline < thread->timer.when) timer_arm(cpu, &thread->timer, deadline);
}

/* The first @length words; the others become zero. */
static inline void message_copy(struct registers *to, const struct registers *from, uint64_t length)
{
    for (uint64_t i = 0; i < MESSAGE_WORDS; i++) to->word[i] = i < length ? from->word[i] : 0;
}
