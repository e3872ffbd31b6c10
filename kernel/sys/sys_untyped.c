#include "sys/sys.h"

enum { VCPUS_AT_ONCE = 8 }; /* a control page takes the time of many other objects */

enum error sys_untyped_retype(struct invocation *call)
{
    struct capability *untyped = &call->slot->cap;
    struct untyped_retype_args args;
    struct object_size each;
    struct slot *table_slot;
    struct captab *table;
    uint64_t start, end;
    enum error error;

    error = decode_untyped_retype(call->word, &args);
    if (error) return error;
    error = captab_find(call->thread->captab, args.captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE, &table_slot);
    if (error) return error;
    table = cap_object(table_slot);
    if (table->flags & CAPTAB_TERMINAL) return ERR_SEALED;
    if (call->slot->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args.flags & ~1u) return ERR_ARGUMENT;
    each = untyped_object_size((uint8_t)args.type, args.size);
    if (each.bytes == 0) return ERR_RANGE;
    if ((untyped->flags & CAP_KEEP) && args.type != OBJECT_TYPE_FRAME && args.type != OBJECT_TYPE_UNTYPED) return ERR_TYPE;
    if (args.type == OBJECT_TYPE_SPACE && (args.count != 1 || !space_available())) return ERR_LIMIT;
    if (args.type == OBJECT_TYPE_VCPU && args.count > VCPUS_AT_ONCE) return ERR_LIMIT;
    error = untyped_plan(untyped, each, args.count, &start);
    if (error) return error;
    for (uint64_t i = 0; i < args.count; i++) {
        const struct slot *to = captab_slot(table, (uint64_t)args.first + i);

        if (!to) return ERR_SLOT;
        if (to->cap.type != OBJECT_TYPE_NONE) return ERR_OCCUPIED;
    }
    end = start + each.bytes * args.count;
    if (args.type != OBJECT_TYPE_UNTYPED && !untyped_zero_step(untyped, end)) return ERR_AGAIN;

    untyped_commit(call->slot, (uint8_t)args.type, args.flags, args.size, each, start, table, args.first, args.count);
    return OK;
}

enum error sys_untyped_info(struct invocation *call)
{
    const struct capability *untyped = &call->slot->cap;
    struct registers *regs = &call->thread->regs;
    enum error error = decode_empty(call->word);

    if (error) return error;
    regs->rbx = untyped->object;
    regs->rbp = untyped->extra;
    regs->r12 = untyped->badge;
    regs->r13 = (untyped->flags & CAP_KEEP) ? UNTYPED_KEEP : 0;
    return OK;
}
