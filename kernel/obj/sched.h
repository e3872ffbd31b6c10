/* Scheduling contexts: budget, period, priority, processor. */
#pragma once

#include "hw/timer.h"

struct sched {
    struct sched *next, *prev; /* ready queue */
    struct thread *holder;     /* who runs on it now: the owner, or the end of a chain of calls */
    struct thread *owner;      /* the thread that it is configured for */
    struct timer timer;        /* replenishment */
    uint64_t budget, period, remaining, start, consumed, debt;
    uint8_t priority;
    bool configured, queued, exhausted;
};

/* Let the context compete; asks for rescheduling if it beats the running one. */
void sched_enqueue(struct cpu *cpu, struct sched *sched);
void sched_dequeue(struct cpu *cpu, struct sched *sched);
/* Charge the running context up to @now; exhausted contexts leave the queue. */
void sched_charge(struct cpu *cpu, uint64_t now);
/* The timer of @sched fired, or its period passed. */
void sched_replenish(struct cpu *cpu, struct sched *sched, uint64_t now);
void sched_retire(struct cpu *cpu, struct sched *sched);
/* The context that should run, or NULL; it becomes the charged one. */
struct sched *sched_pick(struct cpu *cpu, uint64_t now);
