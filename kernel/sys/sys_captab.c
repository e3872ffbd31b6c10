#include "sys/sys.h"

/* Rights and what the message layer checks may only shrink; an original endpoint or notification has none yet. */
static enum error check_derivation(const struct capability *from, const struct captab_copy_args *args)
{
    bool message = from->type == OBJECT_TYPE_ENDPOINT || from->type == OBJECT_TYPE_NOTIF;

    if (from->type == OBJECT_TYPE_UNTYPED || (from->flags & CAP_SEALED)) return ERR_SEALED;
    if (from->depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args->rights & ~from->rights) return ERR_RIGHTS;
    if (!message) return args->interface == 0 && args->mask == 0 && args->badge == 0 ? OK : ERR_ARGUMENT;
    if (from->interface != 0 && args->interface != from->interface) return ERR_INTERFACE;
    if (args->mask & ~from->mask) return ERR_METHOD;
    return from->badge != 0 && args->badge != from->badge ? ERR_ARGUMENT : OK;
}

/* A terminal table holds what a guest may call: sealed, callable, nothing else. */
static enum error check_terminal(const struct capability *from, const struct captab_copy_args *args)
{
    if (!(args->flags & COPY_SEALED) || (args->rights & ~(RIGHT_CALL | RIGHT_SIGNAL))) return ERR_SEALED;
    return from->type == OBJECT_TYPE_ENDPOINT || from->type == OBJECT_TYPE_NOTIF ? OK : ERR_TYPE;
}

static void copy(struct slot *to, struct slot *from, const struct captab_copy_args *args)
{
    struct capability cap = from->cap;
    bool message = cap.type == OBJECT_TYPE_ENDPOINT || cap.type == OBJECT_TYPE_NOTIF;

    cap.rights = args->rights;
    cap.flags = (uint8_t)((cap.flags & CAP_KEEP) | ((args->flags & COPY_SEALED) ? CAP_SEALED : 0));
    if (message) {
        cap.interface = args->interface;
        cap.mask = args->mask;
        cap.badge = args->badge;
    } else if (cap.type == OBJECT_TYPE_FRAME || cap.type == OBJECT_TYPE_VCPU) {
        cap.badge = 0; /* mapped nowhere yet */
    }
    cap_install(to, from, &cap);
}

enum error sys_captab_copy(struct invocation *call)
{
    struct captab *table = cap_object(call->slot), *source;
    struct captab_copy_args args;
    struct slot *to, *from, *from_table;
    enum error error;

    error = decode_captab_copy(call->word, &args);
    if (error) return error;
    error = captab_find(call->thread->captab, args.from, OBJECT_TYPE_CAPTAB, RIGHT_COPY, &from_table);
    if (error) return error;
    source = cap_object(from_table);
    from = captab_slot(source, args.source);
    to = captab_slot(table, args.to);
    if (!from || !to || from->cap.type == OBJECT_TYPE_NONE) return ERR_SLOT;
    if (source->flags & CAPTAB_TERMINAL) return ERR_SEALED;
    if (to->cap.type != OBJECT_TYPE_NONE) return ERR_OCCUPIED;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(from)) return ERR_RETIRED;
    error = check_derivation(&from->cap, &args);
    if (error) return error;
    error = (table->flags & CAPTAB_TERMINAL) ? check_terminal(&from->cap, &args) : OK;
    if (error) return error;

    copy(to, from, &args);
    return OK;
}

/* The slot whose capability is to be revoked: one that is being revoked already may be named again. */
static enum error find_root(struct captab *table, uint32_t index, struct slot **root)
{
    struct slot *slot = captab_slot(table, index);

    if (!slot || slot->cap.type == OBJECT_TYPE_NONE) return ERR_SLOT;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(slot->parent)) return ERR_RETIRED;
    *root = slot;
    return OK;
}

enum error sys_captab_delete(struct invocation *call)
{
    struct captab_delete_args args;
    enum error error = decode_captab_delete(call->word, &args);
    struct slot *root;

    if (error) return error;
    error = find_root(cap_object(call->slot), args.index, &root);
    if (error) return error;

    cap_retire(root, true);
    return cap_retire_step(call->cpu, root) ? OK : ERR_AGAIN;
}

enum error sys_captab_revoke(struct invocation *call)
{
    struct captab_revoke_args args;
    enum error error = decode_captab_revoke(call->word, &args);
    struct slot *root;

    if (error) return error;
    error = find_root(cap_object(call->slot), args.index, &root);
    if (error) return error;

    cap_retire(root, false);
    return cap_retire_step(call->cpu, root) ? OK : ERR_AGAIN;
}

enum error sys_captab_inspect(struct invocation *call)
{
    struct registers *regs = &call->thread->regs;
    struct captab_inspect_args args;
    enum error error = decode_captab_inspect(call->word, &args);
    const struct slot *slot;

    if (error) return error;
    slot = captab_slot(cap_object(call->slot), args.index);
    if (!slot) return ERR_SLOT;
    regs->rbx = slot->cap.type;
    regs->rbp = slot->cap.rights;
    regs->r12 = slot->cap.flags;
    regs->r13 = slot->cap.interface;
    regs->r14 = slot->cap.mask;
    regs->r15 = slot->cap.badge;
    regs->rdx = slot->cap.object;
    regs->r8 = (uint64_t)slot->parent;
    return OK;
}
