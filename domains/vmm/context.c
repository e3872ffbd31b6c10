#include "context.h"

#define EFER_LMA UINT64_C(0x400)
#define ACCESS_LONG 0x2000u /* page format: descriptor bits 40-55 */
#define ACCESS_DEFAULT_32 0x4000u

enum code_mode context_code_mode(const struct vcpu_state *state)
{
    uint16_t access = state->seg[SEGMENT_CS].access;
    if ((state->efer & EFER_LMA) != 0 && (access & ACCESS_LONG) != 0) {
        return CODE_64;
    }
    return (access & ACCESS_DEFAULT_32) != 0 ? CODE_32 : CODE_16;
}

uint64_t context_linear(const struct context *context, unsigned segment, uint64_t offset)
{
    if (context->mode == CODE_64) {
        return segment >= SEGMENT_FS ? context->base[segment] + offset : offset;
    }
    return (uint32_t)(context->base[segment] + offset);
}

/* At most 15 bytes; the second page may be missing if the instruction does not reach it. */
static bool fetch(struct vm *vm, struct context *context)
{
    uint64_t linear = context_linear(context, SEGMENT_CS, vm->state->rip), fault;
    uint64_t first = min_u64(INSTRUCTION_MAX, 4096 - (linear & 4095));
    uint32_t code;
    unsigned access = WALK_FETCH | context->user;
    if (!walk_read(&vm->memory, &context->paging, linear, access, context->bytes, first, &fault, &code)) {
        if (code == WALK_NOT_RAM) {
            vm_die(vm, DEATH_NOT_DECODED, "an instruction outside memory touched a device");
        } else {
            vm_fault_pf(vm, fault, code);
        }
        return false;
    }
    context->len = first;
    if (first < INSTRUCTION_MAX &&
        walk_read(&vm->memory, &context->paging, linear + first, access, context->bytes + first,
                  INSTRUCTION_MAX - first, &fault, &code)) {
        context->len = INSTRUCTION_MAX;
    }
    return true;
}

bool context_fetch(struct vm *vm, struct context *context)
{
    const struct vcpu_state *state = vm->state;
    if (!vm_read(vm, VCPU_GROUP_CONTROL | VCPU_GROUP_SEGMENT | VCPU_GROUP_EFER)) {
        return false;
    }
    *context = (struct context){.mode = context_code_mode(state), .user = state->cpl == 3 ? WALK_USER : 0};
    context->paging = (struct paging){state->cr0, state->cr3, state->cr4, state->efer};
    for (unsigned i = 0; i < 6; i++) {
        context->base[i] = state->seg[i].base;
    }
    return fetch(vm, context);
}
