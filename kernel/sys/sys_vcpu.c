#include "sys/sys.h"

enum error sys_vcpu_run(struct invocation *call)
{
    struct vcpu *vcpu = cap_object(call->slot);

    if (!vcpu->space) return ERR_STATE;
    if (vcpu->thread) return ERR_BUSY;
    if (call->thread->fpu_right) return ERR_STATE; /* the registers are its guest's while it runs */

    vcpu_run(call->cpu, vcpu, call->thread, call->thread->regs.rdi);
    return OK;
}

enum error sys_vcpu_configure(struct invocation *call, const struct vcpu_configure_args *args)
{
    struct captab *own = call->thread->captab;
    struct vcpu *vcpu = cap_object(call->slot);
    struct slot *space, *captab = NULL;
    enum error error = captab_find(own, args->space, OBJECT_TYPE_SPACE, RIGHT_MANAGE, &space);

    if (error) return error;
    if (args->captab != 0) error = captab_find(own, args->captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE, &captab);
    if (error) return error;
    if (!(((struct space *)cap_object(space))->flags & SPACE_GUEST)) return ERR_TYPE;
    if (captab && !(((struct captab *)cap_object(captab))->flags & CAPTAB_TERMINAL)) return ERR_TYPE;
    if (space->cap.depth >= CAP_DEPTH_MAX || (captab && captab->cap.depth >= CAP_DEPTH_MAX)) return ERR_DEPTH;
    if (vcpu->space || vcpu->captab) return ERR_STATE;

    cap_hide(&vcpu->hidden[0], space, PLACE_VCPU_SPACE);
    vcpu->space = cap_object(space);
    vcpu->hvm.nested_root = vcpu->space->root_pa;
    vcpu->hvm.flush = true;
    if (!captab) return OK;
    cap_hide(&vcpu->hidden[1], captab, PLACE_VCPU_CAPTAB);
    vcpu->captab = cap_object(captab);
    return OK;
}

enum error sys_vcpu_read(struct invocation *call, const struct vcpu_read_args *args)
{
    struct vcpu *vcpu = cap_object(call->slot);

    if (vcpu->thread) return ERR_BUSY;

    hvm_read(&vcpu->hvm, (uint32_t)args->groups);
    return OK;
}
