#include "hw/x86.h"
#include "sys/sys.h"

/* Shorter budgets would leave no time to a processor that only switches; longer periods have no use. In ticks. */
enum { BUDGET_MIN = 10000 };
#define PERIOD_MAX (1ull << 40)

enum error sys_sched_configure(struct invocation *call)
{
    struct sched *sched = cap_object(call->slot);
    struct sched_configure_args args;
    struct slot *control;
    enum error error;

    error = decode_sched_configure(call->word, &args);
    if (error) return error;
    error = captab_find(call->thread->captab, args.control, OBJECT_TYPE_CONTROL, RIGHT_MANAGE, &control);
    if (error) return error;
    if (sched->configured) return ERR_STATE;
    if (args.processor != call->cpu->index) return ERR_RANGE;
    if (args.budget < BUDGET_MIN || args.budget > args.period || args.period > PERIOD_MAX) return ERR_RANGE;
    if (call->cpu->scheds >= SCHEDS_MAX) return ERR_LIMIT;

    call->cpu->scheds++;
    sched->configured = true;
    sched->budget = args.budget;
    sched->period = args.period;
    sched->remaining = args.budget;
    sched->start = rdtsc();
    sched->priority = args.priority;
    return OK;
}

enum error sys_sched_info(struct invocation *call)
{
    const struct sched *sched = cap_object(call->slot);
    struct registers *regs = &call->thread->regs;
    enum error error = decode_empty(call->word);

    if (error) return error;
    sched_charge(call->cpu, rdtsc());
    regs->rbx = sched->consumed;
    regs->rbp = sched->remaining;
    regs->r12 = sched->debt;
    return OK;
}

enum error sys_sched_yield(struct invocation *call)
{
    struct sched *sched = cap_object(call->slot);
    enum error error = decode_empty(call->word);

    if (error) return error;
    if (call->cpu->sched != sched) return ERR_STATE;

    sched->remaining = 0;
    sched_charge(call->cpu, rdtsc());
    return OK;
}
