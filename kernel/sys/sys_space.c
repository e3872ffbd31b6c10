#include "sys/sys.h"

/* A frame, or a vCPU (for its page), in the caller's table. */
static enum error find_mappable(struct thread *thread, uint64_t index, struct slot **out)
{
    enum error error = captab_find(thread->captab, index, OBJECT_TYPE_FRAME, 0, out);

    return error == ERR_TYPE ? captab_find(thread->captab, index, OBJECT_TYPE_VCPU, RIGHT_MANAGE, out) : error;
}

enum error sys_space_map(struct invocation *call, const struct space_map_args *args)
{
    struct space *space = cap_object(call->slot);
    uint8_t access = (uint8_t)args->access;
    struct space_entry place;
    struct slot *frame;
    enum error error = find_mappable(call->thread, args->frame, &frame);

    if (error) return error;
    /* The three accesses and the three rights have the same bits. */
    if (access & (MAP_READ | MAP_WRITE | MAP_EXEC) & ~frame->cap.rights) return ERR_RIGHTS;
    if (frame->cap.type == OBJECT_TYPE_VCPU && (access & ~(MAP_READ | MAP_WRITE))) return ERR_RIGHTS;
    error = space_map_check(space, frame, args->address, access, &place);
    if (error) return error;

    space_map(space, frame, args->address, access, place);
    return OK;
}

enum error sys_space_unmap(struct invocation *call, const struct space_unmap_args *args)
{
    struct slot *frame;
    enum error error = find_mappable(call->thread, args->frame, &frame);

    if (error) return error;
    if (frame->cap.badge == 0 || space_find(frame->cap.space_index, frame->cap.space_epoch) != cap_object(call->slot))
        return ERR_STATE;

    space_unmap(call->cpu, frame);
    return OK;
}

enum error sys_space_info(struct invocation *call)
{
    const struct space *space = cap_object(call->slot);

    return answer(call, (uint64_t[MESSAGE_WORDS]){space->tables, space->used});
}
