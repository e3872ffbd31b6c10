#include "sys/sys.h"

enum { VCPUS_AT_ONCE = 4 }; /* a control page takes the time of many other objects */

enum error sys_untyped_retype(struct invocation *call, const struct untyped_retype_args *args)
{
    struct capability *untyped = &call->slot->cap;
    uint8_t type = (uint8_t)args->type;
    struct captab *table;
    uint64_t each = untyped_object_bytes(type, args->size), start;
    enum error error = find_destination(call, args->captab, &table);

    if (error) return error;
    if (args->flags & ~1ull) return ERR_ARGUMENT;
    if (each == 0) return ERR_RANGE;
    if ((untyped->flags & CAP_KEEP) && type != OBJECT_TYPE_FRAME && type != OBJECT_TYPE_UNTYPED) return ERR_TYPE;
    if ((type == OBJECT_TYPE_SPACE || type == OBJECT_TYPE_IOSPACE) && (args->count != 1 || !space_available())) return ERR_LIMIT;
    if (type == OBJECT_TYPE_VCPU && args->count > VCPUS_AT_ONCE) return ERR_LIMIT;
    error = untyped_plan(untyped, type, each, args->count, &start);
    if (!error) error = check_empty(table, args->first, args->count);
    if (error) return error;
    if (type != OBJECT_TYPE_UNTYPED && !untyped_zero_step(untyped, start + each * args->count)) return ERR_AGAIN;

    untyped_commit(call->slot, type, (uint8_t)args->flags, args->size, start, table, args->first, args->count);
    return OK;
}

enum error sys_untyped_info(struct invocation *call)
{
    const struct capability *untyped = &call->slot->cap;

    return answer(call,
        (uint64_t[MESSAGE_WORDS]){untyped->object, untyped->extra, untyped->badge, untyped->flags & CAP_KEEP ? UNTYPED_KEEP : 0});
}
