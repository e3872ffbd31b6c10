#include "obj/cap.h"

#include "base/panic.h"
#include "obj/endpoint.h"
#include "obj/irq.h"
#include "obj/untyped.h"
#include "obj/vcpu.h"

enum { RETIRE_BATCH = 8 };

uint32_t cap_retiring;

bool cap_under_retirement(const struct slot *slot)
{
    /*@ loop invariant above: slot != \null ==> slot->cap.depth <= \at(slot->cap.depth, Pre) &&
            slot == ancestor(\at(slot, Pre), \at(slot->cap.depth, Pre) - slot->cap.depth);
        loop invariant clean: \forall integer i; 0 <= i <= \at(slot->cap.depth, Pre) &&
            (slot == \null || i < \at(slot->cap.depth, Pre) - slot->cap.depth) ==>
            !retiring(ancestor(\at(slot, Pre), i));
        loop assigns slot;
        loop variant slot == \null ? 0 : slot->cap.depth + 1;
     */
    for (; slot; slot = slot->parent)
        /*@ assert slot->parent == ancestor(\at(slot, Pre), \at(slot->cap.depth, Pre) - slot->cap.depth + 1) &&
                (slot->parent == \null ? slot->cap.depth == 0 : slot->parent->cap.depth == slot->cap.depth - 1) &&
                \forall integer i; \at(slot->cap.depth, Pre) - slot->cap.depth <= i <=
                    \at(slot->cap.depth, Pre) - slot->cap.depth ==> ancestor(\at(slot, Pre), i) == slot; */
        if (slot->cap.flags & CAP_RETIRING) return true;
    return false;
}

void cap_install(struct slot *slot, struct slot *parent, const struct capability *cap)
{
    slot->cap = *cap;
    slot->parent = parent;
    slot->prev = parent;
    slot->next = parent ? parent->next : NULL;
    slot->cap.depth = parent ? (uint8_t)(parent->cap.depth + 1) : 0;
    if (slot->next) slot->next->prev = slot;
    if (parent) parent->next = slot;
}

void cap_hide(struct slot *slot, struct slot *from, uint32_t place)
{
    cap_install(slot, from, &from->cap);
    slot->cap.flags = CAP_HIDDEN;
    slot->cap.space_index = (uint16_t)place;
}

static void cap_unlink(struct slot *slot)
{
    if (slot->prev) slot->prev->next = slot->next;
    if (slot->next) slot->next->prev = slot->prev;
    if (slot->cap.flags & CAP_RETIRING) cap_retiring--;
    *slot = (struct slot){0};
}

/* A hidden slot is gone: whoever it sat in must do without. */
static void hidden_lost(struct cpu *cpu, struct slot *slot)
{
    if (slot->cap.space_index < THREAD_PLACES) thread_lost(cpu, slot);
    else if (slot->cap.space_index == PLACE_IRQ_NOTIF) irq_lost(slot);
    else vcpu_lost(cpu, slot);
}

void cap_forget(struct cpu *cpu, struct slot *slot)
{
    hidden_lost(cpu, slot);
    cap_unlink(slot);
}

static void object_retire(struct cpu *cpu, struct slot *slot)
{
    void *object = cap_object(slot);

    switch ((enum object_type)slot->cap.type) {
    case OBJECT_TYPE_CAPTAB: captab_retire(object); return;
    case OBJECT_TYPE_SPACE: space_retire(cpu, object); return;
    case OBJECT_TYPE_IOSPACE: iospace_retire(cpu, object); return;
    case OBJECT_TYPE_THREAD: thread_retire(cpu, object); return;
    case OBJECT_TYPE_SCHED: sched_retire(cpu, object); return;
    case OBJECT_TYPE_ENDPOINT: endpoint_retire(cpu, object); return;
    case OBJECT_TYPE_NOTIF: notif_retire(cpu, object); return;
    case OBJECT_TYPE_VCPU: vcpu_retire(cpu, object); return;
    case OBJECT_TYPE_IRQ: irq_retire(cpu, object); return;
    case OBJECT_TYPE_NONE:
    case OBJECT_TYPE_UNTYPED:
    case OBJECT_TYPE_FRAME:
    case OBJECT_TYPE_IOPORT:
    case OBJECT_TYPE_CONTROL: return; /* nothing but the capability */
    }
}

void cap_free(struct cpu *cpu, struct slot *leaf)
{
    ASSERT(!cap_has_children(leaf));
    if (leaf->cap.flags & CAP_HIDDEN) {
        cap_forget(cpu, leaf);
        return;
    }
    if (leaf->cap.type == OBJECT_TYPE_FRAME || leaf->cap.type == OBJECT_TYPE_VCPU) space_unmap(cpu, leaf);
    if (leaf->cap.flags & CAP_ORIGINAL) object_retire(cpu, leaf);
    cap_unlink(leaf);
}

void cap_retire(struct slot *root, bool remove)
{
    if (!(root->cap.flags & CAP_RETIRING)) cap_retiring++;
    root->cap.flags = (uint8_t)(root->cap.flags | CAP_RETIRING | (remove ? CAP_DELETE : 0));
    /* A table that goes is emptied while its capability can still be called upon again. */
    if (remove && root->cap.type == OBJECT_TYPE_CAPTAB && (root->cap.flags & CAP_ORIGINAL)) captab_retire(cap_object(root));
}

void cap_free_leaf(struct cpu *cpu, struct slot *slot)
{
    struct slot *leaf = slot;

    while (cap_has_children(leaf)) leaf = leaf->next; /* a chain of ever deeper slots: at most CAP_DEPTH_MAX moves */
    cap_free(cpu, leaf);
}

static void retire_finish(struct cpu *cpu, struct slot *root)
{
    cpu->quiescent++; /* one processor: no other can hold a translation or a pointer */
    if (root->cap.flags & CAP_DELETE) {
        cap_free(cpu, root);
        return;
    }
    root->cap.flags &= (uint8_t)~CAP_RETIRING;
    cap_retiring--;
    if (root->cap.type != OBJECT_TYPE_UNTYPED) return;
    root->cap.badge = 0; /* all that was carved is gone: the region can be used again */
    root->cap.mask = 0;
}

bool cap_retire_step(struct cpu *cpu, struct slot *root)
{
    for (uint32_t i = 0; i < RETIRE_BATCH; i++) {
        if (cap_has_children(root)) {
            cap_free_leaf(cpu, root);
        } else if (captab_drain_step(cpu)) {
            /* The drain may have emptied the very slot that is being revoked. */
            if (root->cap.flags & CAP_RETIRING) retire_finish(cpu, root);
            return true;
        }
    }
    return false;
}
