#include "sys/sys.h"

static bool carries_messages(const struct capability *cap)
{
    return cap->type == OBJECT_TYPE_ENDPOINT || cap->type == OBJECT_TYPE_NOTIF;
}

/* Rights and what the message layer checks may only shrink; an original endpoint or notification has none yet. */
static enum error check_derivation(const struct capability *from, const struct captab_copy_args *args)
{
    if (from->type == OBJECT_TYPE_UNTYPED || (from->flags & CAP_SEALED)) return ERR_SEALED;
    if (from->depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args->rights & ~(uint64_t)from->rights) return ERR_RIGHTS;
    if (!carries_messages(from)) return args->interface == 0 && args->mask == 0 && args->badge == 0 ? OK : ERR_ARGUMENT;
    if (from->interface != 0 && args->interface != from->interface) return ERR_INTERFACE;
    if (args->mask & ~(uint64_t)from->mask) return ERR_METHOD;
    return from->badge != 0 && args->badge != from->badge ? ERR_ARGUMENT : OK;
}

/* A terminal table holds what a guest may call: sealed, callable, nothing else. */
static enum error check_terminal(const struct capability *from, const struct captab_copy_args *args)
{
    if (!(args->flags & COPY_SEALED) || (args->rights & ~(uint64_t)(RIGHT_CALL | RIGHT_SIGNAL))) return ERR_SEALED;
    return carries_messages(from) ? OK : ERR_TYPE;
}

static void copy(struct slot *to, struct slot *from, const struct captab_copy_args *args)
{
    struct capability *cap = &to->cap;

    cap_install(to, from, &from->cap);
    cap->rights = (uint8_t)args->rights;
    cap->flags = (uint8_t)((cap->flags & CAP_KEEP) | ((args->flags & COPY_SEALED) ? CAP_SEALED : 0));
    if (carries_messages(cap)) {
        cap->interface = (uint16_t)args->interface;
        cap->mask = (uint32_t)args->mask;
        cap->badge = args->badge;
    } else if (cap->type == OBJECT_TYPE_FRAME || cap->type == OBJECT_TYPE_VCPU) {
        cap->badge = 0; /* mapped nowhere yet */
    }
}

enum error sys_captab_copy(struct invocation *call, const struct captab_copy_args *args)
{
    struct captab *table = cap_object(call->slot), *source;
    struct slot *to, *from, *from_table;
    enum error error = captab_find(call->thread->captab, args->from, OBJECT_TYPE_CAPTAB, RIGHT_COPY, &from_table);

    if (error) return error;
    source = cap_object(from_table);
    from = captab_slot(source, args->source);
    to = captab_slot(table, args->to);
    if (!from || !to || from->cap.type == OBJECT_TYPE_NONE) return ERR_SLOT;
    if (source->flags & CAPTAB_TERMINAL) return ERR_SEALED;
    if (to->cap.type != OBJECT_TYPE_NONE) return ERR_OCCUPIED;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(from)) return ERR_RETIRED;
    error = check_derivation(&from->cap, args);
    if (error) return error;
    error = (table->flags & CAPTAB_TERMINAL) ? check_terminal(&from->cap, args) : OK;
    if (error) return error;

    copy(to, from, args);
    return OK;
}

/* Begin, or go on with, revoking what slot @index of the table holds: a capability that is being revoked already may be named again. */
static enum error revoke(struct invocation *call, uint64_t index, bool remove)
{
    struct slot *root = captab_slot(cap_object(call->slot), index);

    if (!root || root->cap.type == OBJECT_TYPE_NONE) return ERR_SLOT;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(root->parent)) return ERR_RETIRED;

    cap_retire(root, remove);
    return cap_retire_step(call->cpu, root) ? OK : ERR_AGAIN;
}

enum error sys_captab_delete(struct invocation *call, const struct captab_delete_args *args)
{
    return revoke(call, args->index, true);
}

enum error sys_captab_revoke(struct invocation *call, const struct captab_revoke_args *args)
{
    return revoke(call, args->index, false);
}

enum error sys_captab_inspect(struct invocation *call, const struct captab_inspect_args *args)
{
    const struct slot *slot = captab_slot(cap_object(call->slot), args->index);
    const struct capability *cap;

    if (!slot) return ERR_SLOT;
    cap = &slot->cap;
    return answer(call,
        (uint64_t[MESSAGE_WORDS]){
            cap->type, cap->rights, cap->flags, cap->interface, cap->mask, cap->badge, cap->object, (uint64_t)slot->parent});
}
