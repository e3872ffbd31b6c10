#include "obj/iospace.h"
#include "sys/sys.h"

enum error sys_iospace_map(struct invocation *call, const struct iospace_map_args *args)
{
    struct iospace *io = cap_object(call->slot);
    uint8_t access = (uint8_t)args->access;
    struct space_entry place;
    struct slot *frame;
    enum error error = captab_find(call->thread->captab, args->frame, OBJECT_TYPE_FRAME, 0, &frame);

    if (error) return error;
    if (access & (MAP_READ | MAP_WRITE) & ~frame->cap.rights) return ERR_RIGHTS;
    error = iospace_map_check(io, frame, args->address, access, &place);
    if (error) return error;

    iospace_map(io, frame, args->address, access, place);
    return OK;
}

enum error sys_iospace_unmap(struct invocation *call, const struct iospace_unmap_args *args)
{
    struct slot *frame;
    enum error error = captab_find(call->thread->captab, args->frame, OBJECT_TYPE_FRAME, 0, &frame);

    if (error) return error;
    if (frame->cap.badge == 0 || space_find(frame->cap.space_index, frame->cap.space_epoch) != cap_object(call->slot))
        return ERR_STATE;

    space_unmap(call->cpu, frame);
    return OK;
}

enum error sys_iospace_attach(struct invocation *call, const struct iospace_attach_args *args)
{
    struct iospace *io = cap_object(call->slot);
    uint16_t source = (uint16_t)args->source;
    struct slot *control;
    enum error error = captab_find(call->thread->captab, args->control, OBJECT_TYPE_CONTROL, RIGHT_MANAGE, &control);

    if (!error) error = iospace_attach_check(io, source);
    if (error) return error;

    iospace_attach(io, source);
    return OK;
}

enum error sys_iospace_detach(struct invocation *call)
{
    iospace_detach(cap_object(call->slot));
    return OK;
}

enum error sys_iospace_watch(struct invocation *call, const struct iospace_watch_args *args)
{
    struct iospace *io = cap_object(call->slot);
    struct slot *notif;
    enum error error = captab_find(call->thread->captab, args->notif, OBJECT_TYPE_NOTIF, RIGHT_WAIT, &notif);

    if (error) return error;
    if (notif->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args->bits & ~(uint64_t)notif->cap.mask) return ERR_METHOD;

    irq_bind(call->cpu, &io->watch, notif, args->bits);
    return OK;
}

enum error sys_iospace_fault(struct invocation *call)
{
    uint64_t words[MESSAGE_WORDS] = {0};

    iospace_faults(call->cpu); /* hardware tells of none while it holds one that was too many at once */
    iospace_fault_take(cap_object(call->slot), words);
    return answer(call, words);
}

/* The destination of what control makes. */
static enum error find_empty(const struct invocation *call, uint64_t captab, uint64_t index, struct captab **table)
{
    enum error error = find_destination(call, captab, table);

    return error ? error : check_empty(*table, index, 1);
}

enum error sys_control_msi(struct invocation *call, const struct control_msi_args *args)
{
    struct irq *irq = irq_get(GSI_COUNT + args->handle);
    const struct capability cap = {.type = OBJECT_TYPE_IRQ, .rights = UINT8_MAX, .flags = CAP_ORIGINAL, .object = (uint64_t)irq};
    struct captab *table;
    enum error error = find_empty(call, args->captab, args->index, &table);

    if (error) return error;
    if (!irq) return ERR_RANGE;
    if (irq->made) return ERR_BUSY;

    msi_make(call->cpu, GSI_COUNT + (uint32_t)args->handle, (uint16_t)args->source);
    cap_install(captab_slot(table, args->index), call->slot, &cap);
    return OK;
}

enum error sys_control_device(struct invocation *call, const struct control_device_args *args)
{
    const struct capability memory = {.type = OBJECT_TYPE_UNTYPED,
        .rights = UINT8_MAX,
        .flags = CAP_ORIGINAL | CAP_KEEP,
        .object = args->base,
        .extra = args->bytes};
    struct captab *table;
    enum error error = find_empty(call, args->captab, args->index, &table);

    if (error) return error;
    if ((args->base | args->bytes) % PAGE_BYTES != 0) return ERR_ALIGN;
    if (args->bytes == 0 || args->bytes > UINT64_MAX - args->base) return ERR_RANGE;
    if (!iomem_free(args->base, args->base + args->bytes)) return ERR_DENIED;

    cap_install(captab_slot(table, args->index), call->slot, &memory);
    return OK;
}
