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

static void read_group(const struct thread *thread, enum register_group group, struct registers *to)
{
    const struct registers *from = &thread->regs;

    switch (group) {
    case REGISTER_GROUP_CONTROL:
        *to = (struct registers){
            .rbx = from->rip, .rbp = from->rsp, .r12 = from->rflags, .r13 = thread->fs_base, .r14 = thread->state};
        return;
    case REGISTER_GROUP_LOW:
        *to = (struct registers){.rbx = from->rax,
            .rbp = from->rbx,
            .r12 = from->rcx,
            .r13 = from->rdx,
            .r14 = from->rsi,
            .r15 = from->rdi,
            .rdx = from->rbp,
            .r8 = from->r8};
        return;
    case REGISTER_GROUP_HIGH:
        *to = (struct registers){.rbx = from->r9,
            .rbp = from->r10,
            .r12 = from->r11,
            .r13 = from->r12,
            .r14 = from->r13,
            .r15 = from->r14,
            .rdx = from->r15};
        return;
    }
}

enum error sys_thread_read(struct invocation *call)
{
    struct thread *thread = cap_object(call->slot);
    struct thread_read_args args;
    struct registers words;
    enum error error = decode_thread_read(call->word, &args);

    if (error) return error;
    if (thread == call->thread) return ERR_STATE;
    read_group(thread, args.group, &words);
    message_copy(&call->thread->regs, &words, 8);
    return OK;
}

static void write_group(struct thread *thread, const struct thread_write_args *args)
{
    struct registers *to = &thread->regs;

    switch (args->group) {
    case REGISTER_GROUP_CONTROL:
        to->rip = args->a;
        to->rsp = args->b;
        to->rflags = (args->c & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_TF)) | RFLAGS_IF | 2;
        thread->fs_base = args->d;
        break;
    case REGISTER_GROUP_LOW:
        to->rax = args->a, to->rbx = args->b, to->rcx = args->c, to->rdx = args->d;
        to->rsi = args->e, to->rdi = args->f, to->rbp = args->g, to->r8 = args->h;
        break;
    case REGISTER_GROUP_HIGH:
        to->r9 = args->a, to->r10 = args->b, to->r11 = args->c, to->r12 = args->d;
        to->r13 = args->e, to->r14 = args->f, to->r15 = args->g;
        break;
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
