/* What must hold between any two system calls, told by walking everything from the root of the derivation tree. */
#include <stdio.h>

#include "obj/iospace.h"
#include "obj/walker.h"
#include "world.h"

enum { OBJECTS_MAX = 512 };

/* The live objects of one type. */
struct live {
    uint32_t count;
    void *object[OBJECTS_MAX];
};

static struct live live[OBJECT_TYPE_CONTROL + 1];
static uint32_t problems;

#define HOLDS(condition)                                                  \
    do {                                                                  \
        if (!(condition)) {                                               \
            if (problems++ < 8)                                           \
                printf("invariant, line %d: %s\n", __LINE__, #condition); \
        }                                                                 \
    } while (0)

static bool lives(uint8_t type, const void *object)
{
    for (uint32_t i = 0; i < live[type].count; i++)
        if (live[type].object[i] == object)
            return true;
    return false;
}

static bool lives_or_none(uint8_t type, const void *object)
{
    return !object || lives(type, object);
}

static struct thread *thread_at(uint32_t i)
{
    return live[OBJECT_TYPE_THREAD].object[i];
}

/* The derivation tree. */

static bool names_object(uint8_t type)
{
    return type != OBJECT_TYPE_UNTYPED && type != OBJECT_TYPE_FRAME && type != OBJECT_TYPE_IOPORT &&
           type != OBJECT_TYPE_CONTROL;
}

static void check_copy(const struct slot *slot, const struct slot *parent)
{
    const struct capability *cap = &slot->cap, *from = &parent->cap;

    HOLDS(cap->type == from->type && cap->object == from->object && cap->extra == from->extra);
    if (cap->flags & CAP_HIDDEN)
        return;
    HOLDS((cap->rights & ~from->rights) == 0);
    HOLDS((cap->mask & ~from->mask) == 0);
    HOLDS(!(from->flags & CAP_SEALED));
    HOLDS(from->interface == 0 || cap->interface == from->interface);
    if (cap->type == OBJECT_TYPE_ENDPOINT || cap->type == OBJECT_TYPE_NOTIF)
        HOLDS(from->badge == 0 || cap->badge == from->badge);
}

static void check_carved(const struct slot *slot, const struct slot *untyped)
{
    uint64_t base = slot->cap.object, end = untyped->cap.object + untyped->cap.badge;

    HOLDS(slot->cap.flags & CAP_ORIGINAL);
    HOLDS(untyped->cap.badge <= untyped->cap.extra);
    if (slot->cap.type == OBJECT_TYPE_CONTROL || base == DEVICE_BASE)
        return; /* the world's own roots */
    if (names_object(slot->cap.type))
        base = fake_ptr_to_phys(cap_object(slot));
    HOLDS(base >= untyped->cap.object && base < end);
    if (slot->cap.type == OBJECT_TYPE_UNTYPED || slot->cap.type == OBJECT_TYPE_FRAME)
        HOLDS(slot->cap.extra <= end - base);
}

static void check_link(const struct slot *slot)
{
    const struct slot *parent = slot->parent;

    HOLDS(slot->cap.type != OBJECT_TYPE_NONE);
    HOLDS(slot->cap.depth <= CAP_DEPTH_MAX);
    HOLDS(slot->prev && slot->prev->next == slot);
    HOLDS(parent && slot->cap.depth == parent->cap.depth + 1);
    if (!parent || !slot->prev)
        return;
    /* Depth first: the parent is the slot before, or its ancestor. */
    const struct slot *above = slot->prev;
    while (above && above->cap.depth >= slot->cap.depth)
        above = above->parent;
    HOLDS(above == parent);
    if (parent->cap.type == OBJECT_TYPE_UNTYPED)
        check_carved(slot, parent);
    else if (parent->cap.type == OBJECT_TYPE_CONTROL && slot->cap.type != OBJECT_TYPE_CONTROL)
        HOLDS(slot->cap.flags & CAP_ORIGINAL);
    else
        check_copy(slot, parent);
}

static void collect(const struct slot *slot)
{
    struct live *same = &live[slot->cap.type];

    if (!(slot->cap.flags & CAP_ORIGINAL) || !names_object(slot->cap.type))
        return;
    HOLDS(same->count < OBJECTS_MAX && !lives(slot->cap.type, cap_object(slot)));
    if (same->count < OBJECTS_MAX)
        same->object[same->count++] = cap_object(slot);
}

static void check_tree(void)
{
    uint32_t retiring = (world.memory.cap.flags & CAP_RETIRING) ? 1 : 0;

    for (uint32_t type = 0; type <= OBJECT_TYPE_CONTROL; type++)
        live[type].count = 0;
    for (const struct slot *slot = world.memory.next; slot; slot = slot->next) {
        check_link(slot);
        collect(slot);
        retiring += (slot->cap.flags & CAP_RETIRING) ? 1 : 0;
    }
    HOLDS(cap_retiring == retiring);
    /* A copy lives only with its object. */
    for (const struct slot *slot = world.memory.next; slot; slot = slot->next)
        HOLDS(!names_object(slot->cap.type) || lives(slot->cap.type, cap_object(slot)));
}

/* Mappings: every leaf of a live space has a capability that says so, and the other way round. */

static uint64_t leaf_at(const struct space *space, uint64_t address, uint32_t level)
{
    const uint64_t *table = space->root;

    for (uint32_t at = WALK_LEVELS - 1; at > level; at--) {
        uint64_t entry = table[walk_index(address, at)];

        if (entry == 0)
            return 0;
        table = fake_phys_to_ptr(walk_target(entry));
    }
    return table[walk_index(address, level)];
}

static uint32_t leaves(const uint64_t *table, uint32_t level)
{
    uint32_t count = 0;
    uint32_t end = level == 3 ? WALK_ENTRIES / 2 : WALK_ENTRIES; /* the upper half is the kernel's */

    for (uint32_t i = 0; i < end; i++) {
        if (table[i] == 0)
            continue;
        if (level == 0 || (table[i] & 0x80))
            count++;
        else
            count += leaves(fake_phys_to_ptr(walk_target(table[i])), level - 1);
    }
    return count;
}

static void check_space(const struct space *space)
{
    uint32_t mapped = 0;

    HOLDS(space_find(space->index, space->epoch) == space);
    HOLDS(space->used <= space->tables);
    for (const struct slot *slot = world.memory.next; slot; slot = slot->next) {
        const struct capability *cap = &slot->cap;
        bool page = cap->type == OBJECT_TYPE_VCPU;
        uint64_t leaf;

        if ((cap->type != OBJECT_TYPE_FRAME && !page) || cap->badge == 0)
            continue;
        if (space_find(cap->space_index, cap->space_epoch) != space)
            continue;
        leaf = leaf_at(space, cap->badge & ~1ull, page ? 0 : walk_leaf_level(cap->extra));
        HOLDS(walk_target(leaf) ==
              (page ? fake_ptr_to_phys(cap_object(slot)) + VCPU_STATE_OFFSET : cap->object));
        HOLDS(!(leaf & 2) || (cap->rights & RIGHT_WRITE));
        mapped++;
    }
    HOLDS(leaves(space->root, 3) == mapped);
}

/* Threads. */

static uint32_t times_in_queue(const struct thread *head, const struct thread *thread)
{
    uint32_t times = 0, steps = 0;

    for (; head && steps++ < OBJECTS_MAX; head = head->queue_next)
        times += head == thread;
    return times;
}

static bool deferred(const struct endpoint *endpoint, const struct thread *thread)
{
    uint32_t times = 0;

    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++)
        times += endpoint->deferred[place] == thread;
    return times == 1;
}

/* A caller queues, or is deferred, or a server owes it a reply: one of the three. */
static void check_caller(const struct thread *thread)
{
    uint32_t ways = 0;

    if (thread->endpoint) {
        ways += times_in_queue(thread->endpoint->queue.head, thread);
        ways += deferred(thread->endpoint, thread);
    }
    if (thread->callee && thread->callee->caller == thread)
        ways++;
    HOLDS(ways == 1);
}

static void check_state(const struct thread *thread)
{
    bool guest = thread->state == THREAD_STATE_IN_GUEST || thread->state == THREAD_STATE_HYPERCALL;

    HOLDS(guest == (thread->vcpu != NULL));
    if (thread->vcpu)
        HOLDS(lives(OBJECT_TYPE_VCPU, thread->vcpu) && thread->vcpu->thread == thread);
    switch ((enum thread_state)thread->state) {
    case THREAD_STATE_CALLING:
    case THREAD_STATE_HYPERCALL:
    case THREAD_STATE_FAULTED:
        check_caller(thread);
        return;
    case THREAD_STATE_WAITING:
        HOLDS(thread->endpoint && thread->endpoint->server == thread && thread->endpoint->owner == thread);
        return;
    case THREAD_STATE_NOTIF_WAITING:
        HOLDS(thread->notif && times_in_queue(thread->notif->queue.head, thread) == 1);
        HOLDS(!thread->sched || thread->sched->holder == thread); /* notif_hand_over relies on it */
        return;
    case THREAD_STATE_INACTIVE:
    case THREAD_STATE_READY:
    case THREAD_STATE_IN_GUEST:
    case THREAD_STATE_STOPPED:
        HOLDS(!thread->endpoint && !thread->notif && !thread->callee);
        return;
    }
    HOLDS(thread->state <= THREAD_STATE_STOPPED);
}

static void check_lending(const struct thread *thread)
{
    const struct thread *lender = thread->lender, *callee = thread->callee, *caller = thread->caller;
    uint32_t steps = 0;

    HOLDS(lives_or_none(OBJECT_TYPE_THREAD, lender) && lives_or_none(OBJECT_TYPE_THREAD, callee) &&
          lives_or_none(OBJECT_TYPE_THREAD, caller));
    if (problems)
        return;
    if (lender)
        HOLDS(lender->callee == thread);
    if (caller)
        HOLDS(caller->callee == thread);
    if (lender)
        HOLDS(thread->sched == lender->sched || (thread->reserve && thread->sched == thread->reserve));
    else
        HOLDS(thread->sched == thread->own || (thread->reserve && thread->sched == thread->reserve));
    if (thread->debtor)
        HOLDS(thread->sched == thread->reserve && lives(OBJECT_TYPE_SCHED, thread->debtor));
    for (const struct thread *above = lender; above && steps <= OBJECTS_MAX; above = above->lender)
        steps++;
    HOLDS(steps <= OBJECTS_MAX); /* no circle */
}

static void check_parts(const struct thread *thread)
{
    HOLDS(lives_or_none(OBJECT_TYPE_CAPTAB, thread->captab));
    HOLDS(lives_or_none(OBJECT_TYPE_SCHED, thread->own) && lives_or_none(OBJECT_TYPE_SCHED, thread->reserve));
    HOLDS(lives_or_none(OBJECT_TYPE_SCHED, thread->sched));
    HOLDS(lives_or_none(OBJECT_TYPE_NOTIF, thread->bound) && lives_or_none(OBJECT_TYPE_NOTIF, thread->notif));
    HOLDS(lives_or_none(OBJECT_TYPE_ENDPOINT, thread->endpoint) &&
          lives_or_none(OBJECT_TYPE_ENDPOINT, thread->owns));
    HOLDS(lives_or_none(OBJECT_TYPE_VCPU, thread->vcpu));
    if (problems)
        return;
    HOLDS(!thread->own || thread->own->owner == thread);
    HOLDS(!thread->reserve || (thread->reserve->owner == thread && thread->reserve != thread->own));
    HOLDS(!thread->bound || thread->bound->bound == thread);
    HOLDS(!thread->owns || thread->owns->owner == thread);
    HOLDS(!thread->configured || fake_cpu.threads[thread->number] == thread);
}

/* Contexts. */

static bool in_ready_queue(const struct sched *sched)
{
    for (const struct sched *at = fake_cpu.ready[sched->priority].head; at; at = at->next)
        if (at == sched)
            return true;
    return false;
}

static void check_sched(const struct sched *sched)
{
    const struct thread *holder = sched->holder;

    HOLDS(lives_or_none(OBJECT_TYPE_THREAD, sched->owner) && lives_or_none(OBJECT_TYPE_THREAD, holder));
    HOLDS(sched->queued == in_ready_queue(sched));
    if (problems)
        return;
    if (sched->owner)
        HOLDS(sched->owner->own == sched || sched->owner->reserve == sched);
    if (sched->configured)
        HOLDS(sched->remaining <= sched->budget);
    if (sched->queued)
        HOLDS(sched->configured && !sched->exhausted && holder && holder->sched == sched &&
              thread_runnable(holder));
    else if (sched->configured && holder && holder->sched == sched && thread_runnable(holder))
        HOLDS(sched->exhausted);
    if (sched->exhausted)
        HOLDS(sched->timer.link != NULL);
}

static void check_queues(void)
{
    const struct cpu *cpu = &fake_cpu;
    uint32_t configured = 0;

    for (uint32_t priority = 0; priority < PRIORITIES; priority++) {
        const struct sched_queue *queue = &cpu->ready[priority];
        const struct sched *last = NULL;

        HOLDS((queue->head != NULL) == (cpu->ready_mask >> priority & 1));
        for (const struct sched *at = queue->head; at; last = at, at = at->next) {
            HOLDS(lives(OBJECT_TYPE_SCHED, at) && at->queued && at->priority == priority && at->prev == last);
            if (problems)
                return;
        }
        HOLDS(queue->tail == last);
    }
    for (uint32_t i = 0; i < live[OBJECT_TYPE_SCHED].count; i++)
        configured += ((struct sched *)live[OBJECT_TYPE_SCHED].object[i])->configured;
    HOLDS(cpu->scheds == configured);
    HOLDS(lives_or_none(OBJECT_TYPE_SCHED, cpu->sched) && lives_or_none(OBJECT_TYPE_THREAD, cpu->current));
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        HOLDS(lives_or_none(OBJECT_TYPE_THREAD, cpu->threads[i]));
}

static void check_timers(void)
{
    struct timer *const *link = &fake_cpu.timers;
    uint64_t last = 0;

    for (const struct timer *timer = *link; timer; link = &timer->next, timer = *link) {
        const uint8_t *at = (const uint8_t *)timer;

        HOLDS(timer->link == link && timer->when >= last);
        HOLDS(timer->kind == TIMER_SCHED ? lives(OBJECT_TYPE_SCHED, at - offsetof(struct sched, timer))
                                         : lives(OBJECT_TYPE_THREAD, at - offsetof(struct thread, timer)));
        if (problems)
            return;
        last = timer->when;
    }
}

/* Endpoints, notifications, interrupts. */

static void check_endpoint(const struct endpoint *endpoint)
{
    const struct thread *last = NULL;

    HOLDS(lives_or_none(OBJECT_TYPE_THREAD, endpoint->server) &&
          lives_or_none(OBJECT_TYPE_THREAD, endpoint->owner));
    if (problems)
        return;
    if (endpoint->server)
        HOLDS(endpoint->server->state == THREAD_STATE_WAITING && endpoint->server->endpoint == endpoint &&
              !endpoint->queue.head);
    if (endpoint->owner)
        HOLDS(endpoint->owner->owns == endpoint);
    for (const struct thread *at = endpoint->queue.head; at; last = at, at = at->queue_next) {
        HOLDS(lives(OBJECT_TYPE_THREAD, at) && at->endpoint == endpoint && at->queue_prev == last);
        if (problems)
            return;
    }
    HOLDS(endpoint->queue.tail == last);
    for (uint32_t place = 0; place < ENDPOINT_PLACES; place++) {
        const struct thread *caller = endpoint->deferred[place];

        HOLDS(!caller ||
              (lives(OBJECT_TYPE_THREAD, caller) && caller->endpoint == endpoint && !caller->callee));
    }
}

static void check_notif(const struct notif *notif)
{
    const struct thread *last = NULL;

    HOLDS(lives_or_none(OBJECT_TYPE_THREAD, notif->bound));
    HOLDS(!notif->bits || !notif->queue.head);
    if (notif->bound && !problems)
        HOLDS(notif->bound->bound == notif);
    for (const struct thread *at = notif->queue.head; at; last = at, at = at->queue_next) {
        HOLDS(lives(OBJECT_TYPE_THREAD, at) && at->notif == notif &&
              at->state == THREAD_STATE_NOTIF_WAITING && at->queue_prev == last);
        if (problems)
            return;
    }
    HOLDS(notif->queue.tail == last);
}

static void check_vcpu(const struct vcpu *vcpu)
{
    HOLDS(lives_or_none(OBJECT_TYPE_THREAD, vcpu->thread) && lives_or_none(OBJECT_TYPE_SPACE, vcpu->space) &&
          lives_or_none(OBJECT_TYPE_CAPTAB, vcpu->captab));
    if (vcpu->thread && !problems)
        HOLDS(vcpu->thread->vcpu == vcpu);
    HOLDS(!vcpu->space || (vcpu->space->flags & SPACE_GUEST));
    HOLDS(!vcpu->captab || (vcpu->captab->flags & CAPTAB_TERMINAL));
}

/* A guest's table holds nothing but sealed endpoints to call and notifications to signal. */
static void check_captab(struct captab *table)
{
    if (!(table->flags & CAPTAB_TERMINAL))
        return;
    for (uint32_t i = 1; i <= table->mask; i++) {
        const struct capability *cap = &captab_slot(table, i)->cap;

        if (cap->type == OBJECT_TYPE_NONE)
            continue;
        HOLDS((cap->type == OBJECT_TYPE_ENDPOINT || cap->type == OBJECT_TYPE_NOTIF) &&
              (cap->flags & CAP_SEALED));
        HOLDS((cap->rights & ~(RIGHT_CALL | RIGHT_SIGNAL)) == 0);
    }
}

static void check_irqs(void)
{
    for (uint32_t gsi = 0; gsi < IRQS; gsi++) {
        const struct irq *irq = irq_get(gsi);

        HOLDS(irq->made == lives(OBJECT_TYPE_IRQ, irq));
        HOLDS(lives_or_none(OBJECT_TYPE_NOTIF, irq->notif));
        HOLDS(!irq->notif || irq->made);
        if (!irq->notif && gsi < GSI_COUNT)
            HOLDS(fake.masked[gsi]);
    }
}

/* What the IOMMU was told is what the iospaces say. */
static void check_iospaces(void)
{
    uint32_t attached = 0;

    for (uint32_t i = 0; i < live[OBJECT_TYPE_IOSPACE].count; i++) {
        const struct iospace *io = live[OBJECT_TYPE_IOSPACE].object[i];

        HOLDS((io->space.flags & SPACE_IO) && io->domain <= DMA_DOMAINS);
        HOLDS(lives_or_none(OBJECT_TYPE_NOTIF, io->watch.notif));
        if (io->domain == 0)
            continue;
        attached++;
        HOLDS(fake.dma.domain[io->domain - 1].attached);
        HOLDS(fake.dma.domain[io->domain - 1].source == io->source);
        HOLDS(fake.dma.domain[io->domain - 1].root == io->space.root_pa.value);
        HOLDS(fake.dma.domain[io->domain - 1].reported == (io->faults == 0));
    }
    for (uint32_t i = 0; i < DMA_DOMAINS; i++) {
        attached -= fake.dma.domain[i].attached;
        for (uint32_t j = 0; j < i; j++)
            HOLDS(!fake.dma.domain[i].attached || !fake.dma.domain[j].attached ||
                  fake.dma.domain[i].source != fake.dma.domain[j].source);
    }
    HOLDS(attached == 0);
}

uint32_t invariants(void)
{
    problems = 0;
    check_tree();
    if (problems)
        return problems;
    for (uint32_t i = 0; i < live[OBJECT_TYPE_THREAD].count && !problems; i++)
        check_parts(thread_at(i));
    for (uint32_t i = 0; i < live[OBJECT_TYPE_THREAD].count && !problems; i++)
        check_lending(thread_at(i));
    for (uint32_t i = 0; i < live[OBJECT_TYPE_ENDPOINT].count && !problems; i++)
        check_endpoint(live[OBJECT_TYPE_ENDPOINT].object[i]);
    for (uint32_t i = 0; i < live[OBJECT_TYPE_NOTIF].count && !problems; i++)
        check_notif(live[OBJECT_TYPE_NOTIF].object[i]);
    for (uint32_t i = 0; i < live[OBJECT_TYPE_VCPU].count && !problems; i++)
        check_vcpu(live[OBJECT_TYPE_VCPU].object[i]);
    for (uint32_t i = 0; i < live[OBJECT_TYPE_THREAD].count && !problems; i++)
        check_state(thread_at(i));
    for (uint32_t i = 0; i < live[OBJECT_TYPE_SCHED].count && !problems; i++)
        check_sched(live[OBJECT_TYPE_SCHED].object[i]);
    if (!problems)
        check_queues();
    if (!problems)
        check_timers();
    for (uint32_t i = 0; i < live[OBJECT_TYPE_SPACE].count && !problems; i++)
        check_space(live[OBJECT_TYPE_SPACE].object[i]);
    for (uint32_t i = 0; i < live[OBJECT_TYPE_CAPTAB].count && !problems; i++)
        check_captab(live[OBJECT_TYPE_CAPTAB].object[i]);
    if (!problems)
        check_irqs();
    if (!problems)
        check_iospaces();
    return problems;
}
