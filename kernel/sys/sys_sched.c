#include "hw/x86.h"
#include "sys/sys.h"

/* Shorter budgets would leave no time to a processor that only switches; longer periods have no use. In ticks. */
enum { BUDGET_MIN = 10000 };
#define PERIOD_MAX (1ull << 40)

enum error sys_sched_configure(struct invocation *call, const struct sched_configure_args *args)
{
    struct sched *sched = cap_object(call->slot);
    struct slot *control;
    enum error error = captab_find(call->thread->captab, args->control, OBJECT_TYPE_CONTROL, RIGHT_MANAGE, &control);

    if (error) return error;
    if (sched->configured) return ERR_STATE;
    if (args->processor != call->cpu->index) return ERR_RANGE;
    if (args->budget < BUDGET_MIN || args->budget > args->period || args->period > PERIOD_MAX) return ERR_RANGE;
    if (call->cpu->scheds >= SCHEDS_MAX) return ERR_LIMIT;

    call->cpu->scheds++;
    sched->configured = true;
    sched->budget = args->budget;
    sched->period = args->period;
    sched->remaining = args->budget;
    sched->start = rdtsc();
    sched->priority = (uint8_t)args->priority;
    return OK;
}

enum error sys_sched_info(struct invocation *call)
{
    const struct sched *sched = cap_object(call->slot);

    sched_charge(call->cpu, rdtsc());
    return answer(call, (uint64_t[MESSAGE_WORDS]){sched->consumed, sched->remaining, sched->debt});
}

enum error sys_sched_yield(struct invocation *call)
{
    struct sched *sched = cap_object(call->slot);

    if (call->cpu->sched != sched) return ERR_STATE;

    sched->remaining = 0;
    sched_charge(call->cpu, rdtsc());
    return OK;
}
