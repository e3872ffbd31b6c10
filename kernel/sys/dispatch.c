#include "sys/sys.h"

/* Exhaustive over the calls; an unknown number was refused before. */
static enum error dispatch(enum call number, struct invocation *call)
{
    const uint64_t *words = call->thread->regs.word;

#define CASE_WITH(name, number, ...) \
    case CALL_##number:              \
        return refuses_##name(words) ? ERR_ARGUMENT : sys_##name(call, (const struct name##_args *)words);
#define CASE_PLAIN(name, number, ...) \
    case CALL_##number: return refuses_##name(words) ? ERR_ARGUMENT : sys_##name(call);
    switch (number) {
        EACH_CALL(CASE_WITH, CASE_PLAIN)
    case CALL_NULL: return OK;
    }
    return ERR_SYSCALL;
}

/* docs/architecture.md 1: the number and, in bits 0-31 of rax, the slot. */
static enum error invoke(struct cpu *cpu, struct thread *thread, uint64_t number, uint32_t slot)
{
    const struct call_rule *rule = &call_rules[number % CALL_LIMIT];
    struct invocation call = {cpu, thread, NULL};
    enum error error;

    if (number == CALL_NULL) return OK;
    if (number >= CALL_LIMIT || rule->type == OBJECT_TYPE_NONE) return ERR_SYSCALL;
    error = captab_find(thread->captab, slot, rule->type, rule->right, &call.slot);
    return error ? error : dispatch((enum call)(number % CALL_LIMIT), &call);
}

bool sys_call(struct cpu *cpu)
{
    struct thread *thread = cpu->current;
    uint64_t rax = thread->regs.rax, number = rax >> CALL_SHIFT;
    enum error error;

    thread->resume = RESUME_SYSCALL;
    /* A wait that begins writes its own answer, now or later: it returns OK and leaves rax alone. */
    thread->regs.rax = OK;
    error = invoke(cpu, thread, number, (uint32_t)rax);
    if (error != OK) thread->regs.rax = error;
    return !cpu->reschedule && cpu->current == thread && !call_rules[number % CALL_LIMIT].answers;
}

enum error find_destination(const struct invocation *call, uint64_t captab, struct captab **out)
{
    struct slot *table;
    enum error error = captab_find(call->thread->captab, captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE, &table);

    if (error) return error;
    *out = cap_object(table);
    if ((*out)->flags & CAPTAB_TERMINAL) return ERR_SEALED;
    return call->slot->cap.depth < CAP_DEPTH_MAX ? OK : ERR_DEPTH;
}

enum error check_empty(struct captab *table, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct slot *to = captab_slot(table, first + i);

        if (!to) return ERR_SLOT;
        if (to->cap.type != OBJECT_TYPE_NONE) return ERR_OCCUPIED;
    }
    return OK;
}
