#include "obj/sched.h"

#include "base/bits.h"
#include "obj/thread.h"

void sched_enqueue(struct cpu *cpu, struct sched *sched)
{
    struct sched_queue *queue = &cpu->ready[sched->priority];

    if (sched->queued || sched->exhausted || !sched->configured) return;
    sched->queued = true;
    sched->next = NULL;
    sched->prev = queue->tail;
    if (queue->tail) queue->tail->next = sched;
    else queue->head = sched;
    queue->tail = sched;
    cpu->ready_mask |= 1ull << sched->priority;
    if (!cpu->sched || !cpu->sched->queued || sched->priority > cpu->sched->priority) cpu->reschedule = true;
}

void sched_dequeue(struct cpu *cpu, struct sched *sched)
{
    struct sched_queue *queue = &cpu->ready[sched->priority];

    if (!sched->queued) return;
    sched->queued = false;
    if (sched->prev) sched->prev->next = sched->next;
    else queue->head = sched->next;
    if (sched->next) sched->next->prev = sched->prev;
    else queue->tail = sched->prev;
    if (!queue->head) cpu->ready_mask &= ~(1ull << sched->priority);
    if (sched == cpu->sched) cpu->reschedule = true;
    sched->next = NULL;
    sched->prev = NULL;
}

/* A new period: the full budget less what is owed. */
static void sched_refill(struct sched *sched, uint64_t now)
{
    uint64_t pay = sched->debt < sched->budget ? sched->debt : sched->budget;

    sched->start = now;
    sched->debt -= pay;
    sched->remaining = sched->budget - pay;
    sched->exhausted = sched->remaining == 0;
}

void sched_charge(struct cpu *cpu, uint64_t now)
{
    struct sched *sched = cpu->sched;
    uint64_t used = now - cpu->sched_start;

    if (!sched) return;
    cpu->sched_start = now;
    sched->consumed += used;
    sched->remaining -= used < sched->remaining ? used : sched->remaining;
    if (sched->remaining != 0 || sched->exhausted) return;
    sched_dequeue(cpu, sched);
    sched->exhausted = true;
    if (now - sched->start >= sched->period) sched_replenish(cpu, sched, now);
    else timer_arm(cpu, &sched->timer, sched->start + sched->period);
    if (sched->exhausted && sched->holder && sched->holder->lender) thread_fall_back(cpu, sched->holder);
}

void sched_replenish(struct cpu *cpu, struct sched *sched, uint64_t now)
{
    struct thread *holder = sched->holder;

    sched_refill(sched, now);
    if (sched->exhausted) timer_arm(cpu, &sched->timer, now + sched->period);
    else if (holder && holder->sched == sched && thread_runnable(holder)) sched_enqueue(cpu, sched);
}

void sched_retire(struct cpu *cpu, struct sched *sched)
{
    sched_dequeue(cpu, sched);
    if (sched->timer.link) timer_disarm(cpu, &sched->timer);
    if (cpu->sched == sched) cpu->sched = NULL;
    if (sched->configured) cpu->scheds--;
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (cpu->threads[i] && cpu->threads[i]->debtor == sched) cpu->threads[i]->debtor = NULL;
}

/* The first context of the highest priority that has budget; those whose new budget went to debts wait for the next period. */
static struct sched *first_with_budget(struct cpu *cpu, uint64_t now)
{
    while (cpu->ready_mask) {
        struct sched *sched = cpu->ready[highest_bit(cpu->ready_mask)].head;

        if (now - sched->start >= sched->period) sched_refill(sched, now);
        if (!sched->exhausted) return sched;
        sched_dequeue(cpu, sched);
        timer_arm(cpu, &sched->timer, now + sched->period);
    }
    return NULL;
}

struct sched *sched_pick(struct cpu *cpu, uint64_t now)
{
    struct sched *sched = first_with_budget(cpu, now);

    cpu->reschedule = false;
    cpu->sched = sched;
    cpu->sched_start = now;
    if (sched) timer_program(cpu, now + sched->remaining);
    return sched;
}
