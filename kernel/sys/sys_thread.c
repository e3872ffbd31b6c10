#include "hw/x86.h"
#include "sys/sys.h"

#define USER_END 0x00007ffffffff000ull

/* What thread_configure names, found and checked; NULL = not named. */
struct parts {
    struct slot *place[THREAD_PLACES];
};

static enum error find_optional(struct thread *thread, uint32_t index, uint8_t type, uint8_t right, struct slot **out)
{
    *out = NULL;
    if (index == 0) return OK;
    enum error error = captab_find(thread->captab, index, type, right, out);
    if (error) return error;
    return (*out)->cap.depth < CAP_DEPTH_MAX ? OK : ERR_DEPTH;
}

static enum error check_sched(const struct slot *slot)
{
    const struct sched *sched = slot ? cap_object(slot) : NULL;

    if (!sched) return OK;
    if (!sched->configured) return ERR_STATE;
    return sched->owner ? ERR_BUSY : OK;
}

static enum error find_parts(struct thread *thread, const struct thread_configure_args *args, struct parts *parts)
{
    const struct {
        uint32_t index;
        uint8_t type, right;
    } wanted[THREAD_PLACES] = {
        [PLACE_SPACE] = {args->space, OBJECT_TYPE_SPACE, RIGHT_MANAGE},
        [PLACE_CAPTAB] = {args->captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
        [PLACE_SCHED] = {args->sched, OBJECT_TYPE_SCHED, RIGHT_MANAGE},
        [PLACE_RESERVE] = {args->reserve, OBJECT_TYPE_SCHED, RIGHT_MANAGE},
        [PLACE_FAULT] = {args->fault, OBJECT_TYPE_ENDPOINT, RIGHT_CALL},
        [PLACE_NOTIF] = {args->notif, OBJECT_TYPE_NOTIF, RIGHT_WAIT},
    };
    enum error error;

    for (uint32_t i = 0; i < THREAD_PLACES; i++) {
        error = find_optional(thread, wanted[i].index, wanted[i].type, wanted[i].right, &parts->place[i]);
        if (error) return error;
    }
    if (!parts->place[PLACE_SPACE] || !parts->place[PLACE_CAPTAB]) return ERR_SLOT;
    if (((struct space *)cap_object(parts->place[PLACE_SPACE]))->flags & SPACE_GUEST) return ERR_TYPE;
    if (((struct captab *)cap_object(parts->place[PLACE_CAPTAB]))->flags & CAPTAB_TERMINAL) return ERR_TYPE;
    if (parts->place[PLACE_NOTIF] && ((struct notif *)cap_object(parts->place[PLACE_NOTIF]))->bound) return ERR_BUSY;
    if (parts->place[PLACE_SCHED] && parts->place[PLACE_RESERVE] &&
        cap_object(parts->place[PLACE_SCHED]) == cap_object(parts->place[PLACE_RESERVE]))
        return ERR_BUSY;
    error = check_sched(parts->place[PLACE_SCHED]);
    return error ? error : check_sched(parts->place[PLACE_RESERVE]);
}

static bool free_number(const struct cpu *cpu, uint32_t *number)
{
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        if (cpu->threads[i]) continue;
        *number = i;
        return true;
    }
    return false;
}

enum error sys_thread_configure(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    struct thread_configure_args args;
    struct parts parts;
    enum error error;

    error = decode_thread_configure(call->word, &args);
    if (error) return error;
    if (thread->configured) return ERR_STATE;
    error = find_parts(call->thread, &args, &parts);
    if (error) return error;
    if (!free_number(call->cpu, &thread->number)) return ERR_LIMIT;

    thread_configure(call->cpu, thread, parts.place, (args.flags & THREAD_FPU) != 0, args.compartment);
    return OK;
}

enum error sys_thread_resume(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    enum error error = decode_empty(call->word);

    if (error) return error;
    if (!thread->captab || thread->hidden[PLACE_SPACE].cap.type == OBJECT_TYPE_NONE) return ERR_STATE;
    if (thread->state != THREAD_STATE_INACTIVE && thread->state != THREAD_STATE_STOPPED) return ERR_STATE;

    thread_ready(call->cpu, thread);
    return OK;
}

enum error sys_thread_suspend(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    enum error error = decode_empty(call->word);

    if (error) return error;
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

static uint64_t *group_register(struct thread *thread, enum register_group group, uint32_t word)
{
    return (uint64_t *)(void *)((uint8_t *)&thread->regs + group_registers[group][word]);
}

enum error sys_thread_read(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    struct thread_read_args args;
    struct registers words = {0};
    enum error error = decode_thread_read(call->word, &args);

    if (error) return error;
    if (thread == call->thread) return ERR_STATE;
    for (uint32_t i = 0; i < group_words[args.group]; i++) words.word[i] = *group_register(thread, args.group, i);
    if (args.group == REGISTER_GROUP_CONTROL) {
        words.word[3] = thread->fs_base;
        words.word[4] = thread->state;
    }
    message_copy(&call->thread->regs, &words, GROUP_WORDS);
    return OK;
}

static void write_group(struct thread *thread, const struct thread_write_args *args)
{
    const uint64_t value[GROUP_WORDS] = {args->a, args->b, args->c, args->d, args->e, args->f, args->g, args->h};
    struct registers *to = &thread->regs;

    for (uint32_t i = 0; i < group_words[args->group]; i++) *group_register(thread, args->group, i) = value[i];
    if (args->group == REGISTER_GROUP_CONTROL) {
        to->rflags = (to->rflags & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_TF)) | RFLAGS_IF | 2;
        thread->fs_base = args->d;
    }
    thread->resume = RESUME_IRET;
}

enum error sys_thread_write(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    struct thread_write_args args;
    enum error error = decode_thread_write(call->word, &args);

    if (error) return error;
    if (thread->state != THREAD_STATE_INACTIVE && thread->state != THREAD_STATE_STOPPED) return ERR_STATE;
    if (args.group == REGISTER_GROUP_CONTROL) {
        if (args.a >= USER_END || args.b > USER_END || args.d >= USER_END) return ERR_RANGE;
        if (args.c & ~(uint64_t)UINT32_MAX) return ERR_ARGUMENT;
    }

    write_group(thread, &args);
    return OK;
}
