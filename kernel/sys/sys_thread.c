#include "hw/x86.h"
#include "sys/sys.h"

#define USER_END 0x00007ffffffff000ull

static enum error check_sched(const struct slot *slot)
{
    const struct sched *sched = slot ? cap_object(slot) : NULL;

    if (!sched) return OK;
    if (!sched->configured) return ERR_STATE;
    return sched->owner ? ERR_BUSY : OK;
}

/* What thread_configure names, NULL = not named. */
static enum error find_parts(
    struct captab *table, const struct thread_configure_args *args, struct slot *parts[static THREAD_PLACES])
{
    const struct {
        uint64_t index;
        uint8_t type, right;
    } wanted[THREAD_PLACES] = {
        [PLACE_SPACE] = {args->space, OBJECT_TYPE_SPACE, RIGHT_MANAGE},
        [PLACE_CAPTAB] = {args->captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
        [PLACE_SCHED] = {args->sched, OBJECT_TYPE_SCHED, RIGHT_MANAGE},
        [PLACE_RESERVE] = {args->reserve, OBJECT_TYPE_SCHED, RIGHT_MANAGE},
        [PLACE_FAULT] = {args->fault, OBJECT_TYPE_ENDPOINT, RIGHT_CALL},
        [PLACE_NOTIF] = {args->notif, OBJECT_TYPE_NOTIF, RIGHT_WAIT},
    };

    for (uint32_t i = 0; i < THREAD_PLACES; i++) {
        parts[i] = NULL;
        if (wanted[i].index == 0) continue;
        enum error error = captab_find(table, wanted[i].index, wanted[i].type, wanted[i].right, &parts[i]);
        if (error) return error;
        if (parts[i]->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    }
    return parts[PLACE_SPACE] && parts[PLACE_CAPTAB] ? OK : ERR_SLOT;
}

static enum error check_parts(struct slot *const parts[static THREAD_PLACES])
{
    struct slot *sched = parts[PLACE_SCHED], *reserve = parts[PLACE_RESERVE], *notif = parts[PLACE_NOTIF];
    enum error error;

    if (((struct space *)cap_object(parts[PLACE_SPACE]))->flags & SPACE_GUEST) return ERR_TYPE;
    if (((struct captab *)cap_object(parts[PLACE_CAPTAB]))->flags & CAPTAB_TERMINAL) return ERR_TYPE;
    if (notif && ((struct notif *)cap_object(notif))->bound) return ERR_BUSY;
    if (sched && reserve && cap_object(sched) == cap_object(reserve)) return ERR_BUSY;
    error = check_sched(sched);
    return error ? error : check_sched(reserve);
}

/* The first that no thread has, or THREADS_MAX. */
static uint32_t free_number(const struct cpu *cpu)
{
    uint32_t number = 0;

    while (number < THREADS_MAX && cpu->threads[number]) number++;
    return number;
}

enum error sys_thread_configure(struct invocation *call, const struct thread_configure_args *args)
{
    struct thread *thread = cap_object(call->slot);
    struct slot *parts[THREAD_PLACES];
    uint32_t number = free_number(call->cpu);
    enum error error;

    if (thread->configured) return ERR_STATE;
    error = find_parts(call->thread->captab, args, parts);
    if (error) return error;
    error = check_parts(parts);
    if (error) return error;
    if (number == THREADS_MAX) return ERR_LIMIT;

    thread->number = number;
    thread_configure(call->cpu, thread, parts, (args->flags & THREAD_FPU) != 0, (uint32_t)args->compartment);
    return OK;
}

static bool at_rest(const struct thread *thread)
{
    return thread->state == THREAD_STATE_INACTIVE || thread->state == THREAD_STATE_STOPPED;
}

enum error sys_thread_resume(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);

    if (!thread->captab || thread->hidden[PLACE_SPACE].cap.type == OBJECT_TYPE_NONE) return ERR_STATE;
    if (!at_rest(thread)) return ERR_STATE;

    thread_ready(call->cpu, thread);
    return OK;
}

enum error sys_thread_suspend(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);

    if (thread->state == THREAD_STATE_INACTIVE) return ERR_STATE;

    thread_stop(call->cpu, thread, THREAD_STATE_STOPPED);
    return OK;
}

/* The registers of a group, in the order of its words. */
enum { GROUP_WORDS = 8 };
#define AT(name) offsetof(struct registers, name)
static const uint8_t group_registers[][GROUP_WORDS] = {
    [REGISTER_GROUP_CONTROL] = {AT(rip), AT(rsp), AT(rflags)},
    [REGISTER_GROUP_LOW] = {AT(rax), AT(rbx), AT(rcx), AT(rdx), AT(rsi), AT(rdi), AT(rbp), AT(r8)},
    [REGISTER_GROUP_HIGH] = {AT(r9), AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15)},
};
static const uint8_t group_words[] = {[REGISTER_GROUP_CONTROL] = 3, [REGISTER_GROUP_LOW] = 8, [REGISTER_GROUP_HIGH] = 7};

static uint64_t *group_register(struct thread *thread, uint64_t group, uint32_t word)
{
    return (uint64_t *)(void *)((uint8_t *)&thread->regs + group_registers[group][word]);
}

enum error sys_thread_read(struct invocation *call, const struct thread_read_args *args)
{
    struct thread *thread = cap_object(call->slot);
    uint64_t words[MESSAGE_WORDS] = {0};

    if (thread == call->thread) return ERR_STATE;
    for (uint32_t i = 0; i < group_words[args->group]; i++) words[i] = *group_register(thread, args->group, i);
    if (args->group == REGISTER_GROUP_CONTROL) {
        words[3] = thread->fs_base;
        words[4] = thread->state;
    }
    return answer(call, words);
}

enum error sys_thread_write(struct invocation *call, const struct thread_write_args *args)
{
    struct thread *thread = cap_object(call->slot);
    struct registers *to = &thread->regs;

    if (!at_rest(thread)) return ERR_STATE;
    if (args->group == REGISTER_GROUP_CONTROL) {
        if (args->a >= USER_END || args->b > USER_END || args->d >= USER_END) return ERR_RANGE;
        if (args->c & ~(uint64_t)UINT32_MAX) return ERR_ARGUMENT;
    }

    for (uint32_t i = 0; i < group_words[args->group]; i++)
        *group_register(thread, args->group, i) = call->thread->regs.word[i + 1]; /* after the group's number */
    if (args->group == REGISTER_GROUP_CONTROL) {
        to->rflags = (to->rflags & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_TF)) | RFLAGS_IF | 2;
        thread->fs_base = args->d;
    }
    thread->resume = RESUME_IRET;
    return OK;
}
