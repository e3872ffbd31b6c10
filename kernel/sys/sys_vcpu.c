#include "sys/sys.h"

enum error sys_vcpu_run(struct invocation *call)
{
    struct vcpu *vcpu = cap_object(call->slot);
    enum error error = vcpu_run_check(vcpu);

    if (error) return error;
    if (call->thread->fpu_right) return ERR_STATE; /* the registers are its guest's while it runs */

    vcpu_run(call->cpu, vcpu, call->thread, call->thread->regs.rdi);
    return OK;
}

static void hide(struct vcpu *vcpu, enum place place, struct slot *from)
{
    struct capability cap = from->cap;

    cap.flags = CAP_HIDDEN;
    cap.space_index = (uint16_t)place;
    cap_install(&vcpu->hidden[place - PLACE_VCPU_SPACE], from, &cap);
}

enum error sys_vcpu_configure(struct invocation *call)
{
    struct vcpu *vcpu = cap_object(call->slot);
    struct slot *space, *captab = NULL;
    struct vcpu_configure_args args;
    enum error error;

    error = decode_vcpu_configure(call->word, &args);
    if (error) return error;
    error = captab_find(call->thread->captab, args.space, OBJECT_TYPE_SPACE, RIGHT_MANAGE, &space);
    if (error) return error;
    if (args.captab != 0) error = captab_find(call->thread->captab, args.captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE, &captab);
    if (error) return error;
    if (!(((struct space *)cap_object(space))->flags & SPACE_GUEST)) return ERR_TYPE;
    if (captab && !(((struct captab *)cap_object(captab))->flags & CAPTAB_TERMINAL)) return ERR_TYPE;
    if (space->cap.depth >= CAP_DEPTH_MAX || (captab && captab->cap.depth >= CAP_DEPTH_MAX)) return ERR_DEPTH;
    if (vcpu->space || vcpu->captab) return ERR_STATE;

    hide(vcpu, PLACE_VCPU_SPACE, space);
    vcpu->space = cap_object(space);
    vcpu->hvm.nested_root = vcpu->space->root_pa;
    vcpu->hvm.flush = true;
    if (captab) hide(vcpu, PLACE_VCPU_CAPTAB, captab);
    vcpu->captab = captab ? cap_object(captab) : NULL;
    return OK;
}

enum error sys_vcpu_read(struct invocation *call)
{
    struct vcpu *vcpu = cap_object(call->slot);
    struct vcpu_read_args args;
    enum error error = decode_vcpu_read(call->word, &args);

    if (error) return error;
    if (vcpu->thread) return ERR_BUSY;

    hvm_read(&vcpu->hvm, args.groups);
    return OK;
}
