/* What is kept of a domain before its memory is taken back: registers and the top of the stack of the thread
 * that faulted, or of the first one. */
#include "builder.h"

#include <string.h>

#include "checked.h"
#include "kernel_calls.h"
#include "stubs.h"

struct registers {
    uint64_t rip, rsp, rflags, fs_base, state, rax;
};

static bool read_registers(uint32_t slot, struct registers *out)
{
    uint64_t unused[8];
    if (thread_read(slot, REGISTER_GROUP_CONTROL, &out->rip, &out->rsp, &out->rflags, &out->fs_base,
                    &out->state, &unused[0], &unused[1], &unused[2]) != OK) {
        return false;
    }
    return thread_read(slot, REGISTER_GROUP_LOW, &out->rax, &unused[0], &unused[1], &unused[2], &unused[3],
                       &unused[4], &unused[5], &unused[6]) == OK;
}

/* The slot of the domain's own 4 KiB frame that it maps at @address, 0 if there is none. The address comes
 * from a dead domain's register: it only selects among what the description says is mapped. */
static uint32_t frame_at(const struct builder *builder, uint32_t id, uint64_t address)
{
    const struct spec *spec = &builder->spec;
    struct spec_range range = spec->domain[id].mappings;
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct spec_mapping *mapping = &spec->mapping[i];
        const struct spec_object *object = &spec->object[mapping->object];
        if (object->owner == id && object->type == OBJECT_TYPE_FRAME && object->size == PAGE_BYTES &&
            range_inside(address, 16, mapping->vaddr, mapping->count * PAGE_BYTES)) {
            uint64_t index = mapping->first + (address - mapping->vaddr) / PAGE_BYTES;
            return builder->plan.object_slot[mapping->object] + (uint32_t)index;
        }
    }
    return 0;
}

/* Two words at @rsp, through a copy of the frame's capability, for the original is mapped in the domain. */
static void read_stack(const struct builder *builder, uint32_t id, uint64_t rsp, uint64_t stack[2])
{
    uint32_t frame = frame_at(builder, id, rsp), copy = builder->plan.scratch_first;
    struct refusal why = {.text = ""};
    if (frame == 0 || rsp % PAGE_BYTES > PAGE_BYTES - 16) {
        return;
    }
    if (captab_copy(SLOT_CAPTAB, copy, SLOT_CAPTAB, frame, RIGHT_READ, 0, 0, 0, 0) != OK) {
        return;
    }
    if (window_map(copy, 1, PAGE_BYTES, WINDOW_FRAME, MAP_READ, &why)) {
        memcpy(stack, (const uint8_t *)WINDOW_FRAME + rsp % PAGE_BYTES, 16);
    }
    drop_slots(copy, 1);
}

void postmortem_take(struct builder *builder, uint32_t id)
{
    struct spec_range range = builder->spec.domain[id].threads;
    struct postmortem *postmortem = &builder->domain[id].postmortem;
    *postmortem = (struct postmortem){.kept = false};
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        struct registers registers = {.rip = 0};
        if (!read_registers(builder->plan.object_slot[builder->spec.thread[i].object], &registers) ||
            (postmortem->kept && registers.state != THREAD_STATE_FAULTED)) {
            continue;
        }
        *postmortem = (struct postmortem){.kept = true,
                                          .state = (uint8_t)registers.state,
                                          .rip = registers.rip,
                                          .rsp = registers.rsp,
                                          .rax = registers.rax};
        read_stack(builder, id, registers.rsp, postmortem->stack);
        if (registers.state == THREAD_STATE_FAULTED) {
            return;
        }
    }
}
