/* Capabilities, slots and the derivation tree. */
#pragma once

#include "hw/cpu.h"

enum {
    CAP_SEALED = 1,   /* never a source of a copy */
    CAP_ORIGINAL = 2, /* the object lives as long as this capability */
    CAP_RETIRING = 4, /* what is below is being revoked */
    CAP_HIDDEN = 8,   /* inside an object, not in a table; place says where */
    CAP_KEEP = 16,    /* untyped: never zeroed, frames only; frame: not ordinary memory */
    CAP_DELETE = 32,  /* with RETIRING: remove the capability itself when all below is gone */
    CAP_DEPTH_MAX = 15,
};

/* Where a hidden slot sits: in a thread, or elsewhere. */
enum place { PLACE_SPACE, PLACE_CAPTAB, PLACE_SCHED, PLACE_RESERVE, PLACE_FAULT, PLACE_NOTIF, THREAD_PLACES };
enum { PLACE_VCPU_SPACE = THREAD_PLACES, PLACE_VCPU_CAPTAB, PLACE_IRQ_NOTIF };

/* One word group per type:
 *   untyped: object = base, extra = bytes, badge = bytes used, mask = pages zeroed beyond that
 *   frame:   object = physical address; vcpu, frame: extra = bytes to map, badge = mapped address | 1, space_* = where
 *   ioport:  badge = first | last << 16
 *   others:  object = pointer to the object; endpoint, notif: interface, mask, badge */
struct capability {
    uint8_t type, rights, flags, depth;
    uint32_t mask;
    uint16_t interface, space_index;
    uint32_t space_epoch;
    uint64_t badge;
    uint64_t object;
    uint64_t extra;
};
_Static_assert(sizeof(struct capability) == 40, "DESIGN 2: at most 40 bytes");

struct slot {
    struct capability cap;
    struct slot *parent;
    struct slot *next, *prev; /* the tree in depth-first order */
};
_Static_assert(sizeof(struct slot) == 64, "one cache line");

static inline void *cap_object(const struct slot *slot)
{
    return (void *)slot->cap.object; /* made from a pointer by cap_install alone */
}

/* How many roots are being revoked: while it is zero, look-up need not walk ancestors. */
extern uint32_t cap_retiring;

/*@ logic struct slot *ancestor{L}(struct slot *slot, integer steps) =
        steps <= 0 ? slot : ancestor(slot, steps - 1)->parent;

    // What cap_install builds: a path to a root in as many steps as the depth says.
    predicate path{L}(struct slot *slot) =
        (\forall integer i; 0 <= i <= slot->cap.depth ==>
            \valid_read(ancestor(slot, i)) && ancestor(slot, i)->cap.depth == slot->cap.depth - i) &&
        ancestor(slot, slot->cap.depth + 1) == \null;

    predicate retiring{L}(struct slot *slot) = (slot->cap.flags & CAP_RETIRING) != 0;

    predicate under_retirement{L}(struct slot *slot) =
        \exists integer i; 0 <= i <= slot->cap.depth && retiring(ancestor(slot, i));
 */

/* True if @slot or an ancestor is being revoked. */
/*@ requires \valid_read(slot) && path(slot);
    terminates \true;
    assigns \nothing;
    ensures \result == true <==> under_retirement(slot);
 */
bool cap_under_retirement(const struct slot *slot);
/* Put @cap into the empty @slot as a child of @parent (NULL: a root). @parent->cap.depth < CAP_DEPTH_MAX. */
/*@ requires \valid(slot) && \valid_read(cap) && \separated(slot, cap);
    requires parent == \null || (\valid(parent) && \separated(slot, parent) && parent->cap.depth < CAP_DEPTH_MAX);
    requires parent == \null || parent->next == \null ||
        (\valid(parent->next) && \separated(slot, parent, parent->next) && \separated(parent->next, cap));
    requires parent == \null || \separated(&parent->next, cap);
    assigns *slot, parent->next, parent->next->prev;
    ensures slot->cap.type == cap->type && slot->cap.rights == cap->rights && slot->cap.flags == cap->flags &&
        slot->cap.mask == cap->mask && slot->cap.interface == cap->interface && slot->cap.badge == cap->badge &&
        slot->cap.space_index == cap->space_index && slot->cap.space_epoch == cap->space_epoch &&
        slot->cap.object == cap->object && slot->cap.extra == cap->extra;
    ensures slot->parent == parent && slot->prev == parent;
    behavior root:
        assumes parent == \null;
        assigns *slot;
        ensures slot->cap.depth == 0 && slot->next == \null;
    behavior last:
        assumes parent != \null && parent->next == \null;
        assigns *slot, parent->next;
        ensures slot->cap.depth == parent->cap.depth + 1 && slot->next == \null && parent->next == slot;
    behavior between:
        assumes parent != \null && parent->next != \null;
        assigns *slot, parent->next, parent->next->prev;
        ensures slot->cap.depth == parent->cap.depth + 1 && parent->next == slot;
        ensures slot->next == \old(parent->next) && slot->next->prev == slot;
    complete behaviors;
    disjoint behaviors;
 */
void cap_install(struct slot *slot, struct slot *parent, const struct capability *cap);
/* A reference that an object holds: a child of @from in the hidden @slot of @place. @from->cap.depth < CAP_DEPTH_MAX. */
/*@ requires \valid(slot) && \valid(from) && \separated(slot, from) && from->cap.depth < CAP_DEPTH_MAX;
    requires from->next == \null || (\valid(from->next) && \separated(slot, from, from->next));
    assigns *slot, from->next, from->next->prev;
    ensures slot->parent == from && from->next == slot && slot->cap.depth == from->cap.depth + 1;
    ensures slot->cap.flags == CAP_HIDDEN && slot->cap.space_index == (uint16_t)place;
    ensures slot->cap.type == from->cap.type && slot->cap.object == from->cap.object;
 */
void cap_hide(struct slot *slot, struct slot *from, uint32_t place);
/* True if something is derived from @slot. */
/*@ requires \valid_read(slot) && (slot->next == \null || \valid_read(slot->next));
    assigns \nothing;
    ensures \result == true <==> slot->next != \null && slot->next->cap.depth > slot->cap.depth;
 */
static inline bool cap_has_children(const struct slot *slot) { return slot->next && slot->next->cap.depth > slot->cap.depth; }
/* Empty the hidden @slot of an object, which does without from here on. */
void cap_forget(struct cpu *cpu, struct slot *slot);
/* Remove one leaf capability; destroys the object if it is the original. */
void cap_free(struct cpu *cpu, struct slot *leaf);
/* Remove @slot if nothing is derived from it, or one leaf of what is. */
void cap_free_leaf(struct cpu *cpu, struct slot *slot);
/* Mark @root retiring; O(1). From here on everything below is refused. */
void cap_retire(struct slot *root, bool remove);
/* A bounded piece of the work on @root: true when all below is gone (and @root too, if it was to be removed). */
bool cap_retire_step(struct cpu *cpu, struct slot *root);
