#include "sys/sys.h"

/* Exhaustive over the calls; an unknown number was refused before. */
static enum error dispatch(enum call number, struct invocation *call)
{
#define SYS_CASE(NAME, name) \
    case CALL_##NAME: return sys_##name(call);
    switch (number) {
        EACH_CALL(SYS_CASE)
    case CALL_NULL: return OK;
    }
    return ERR_SYSCALL;
}

/* docs/architecture.md 1: slot in bits 0-31, number in 32-39, the rest zero. */
static enum error decode(struct cpu *cpu, struct invocation *call, enum call *number)
{
    struct thread *thread = cpu->current;
    const struct registers *regs = &thread->regs;
    uint64_t value = regs->rax >> CALL_SHIFT;

    if (value >= CALL_LIMIT) return ERR_SYSCALL;
    value = value % CALL_LIMIT;
    *number = (enum call)value;
    if (call_rules[value].type == OBJECT_TYPE_NONE) return value == CALL_NULL ? OK : ERR_SYSCALL;
    *call = (struct invocation){cpu, thread, NULL, regs->word};
    return captab_find(thread->captab, (uint32_t)regs->rax, call_rules[value].type, call_rules[value].right, &call->slot);
}

/* Calls whose answer has words, or comes later. */
#define WITH_WORDS(call) (1ull << (call))
static const uint64_t with_words = WITH_WORDS(CALL_ENDPOINT_CALL) | WITH_WORDS(CALL_ENDPOINT_WAIT) |
    WITH_WORDS(CALL_ENDPOINT_REPLY_WAIT) | WITH_WORDS(CALL_ENDPOINT_DEFER) | WITH_WORDS(CALL_NOTIF_WAIT) |
    WITH_WORDS(CALL_VCPU_RUN) | WITH_WORDS(CALL_UNTYPED_INFO) | WITH_WORDS(CALL_CAPTAB_INSPECT) | WITH_WORDS(CALL_SPACE_INFO) |
    WITH_WORDS(CALL_THREAD_READ) | WITH_WORDS(CALL_SCHED_INFO) | WITH_WORDS(CALL_IOPORT_IN);

bool sys_call(struct cpu *cpu)
{
    struct thread *thread = cpu->current;
    struct invocation call;
    enum call number = CALL_NULL;
    enum error error;

    thread->resume = RESUME_SYSCALL;
    error = decode(cpu, &call, &number);
    /* A wait that begins writes its own answer, now or later: it returns OK and leaves rax alone. */
    if (error == OK) {
        thread->regs.rax = OK;
        error = dispatch(number, &call);
    }
    if (error != OK) thread->regs.rax = error;
    return !cpu->reschedule && cpu->current == thread && !(with_words >> number & 1);
}
