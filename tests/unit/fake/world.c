#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

struct world world;
static struct thread *self;

enum { REVOKE_STEPS_MAX = 1 << 20 };

void world_revoke(struct slot *root, bool remove)
{
    uint32_t steps = 0;

    cap_retire(root, remove);
    while (!cap_retire_step(&fake_cpu, root))
        ASSERT(++steps < REVOKE_STEPS_MAX);
}

struct slot *world_slot(uint32_t index)
{
    struct slot *slot = captab_slot(world.table, index);

    ASSERT(slot);
    return slot;
}

void *world_object(uint32_t index)
{
    return cap_object(world_slot(index));
}

static void install_root(uint32_t index, struct capability cap)
{
    cap.rights = UINT8_MAX;
    cap.flags |= CAP_ORIGINAL;
    cap_install(world_slot(index), &world.memory, &cap);
}

/* How far memory may have been written to: at least the first two MiB, where some tests write by themselves. */
static uint64_t dirty(void)
{
    const struct capability *untyped = &world_slot(SLOT_UNTYPED)->cap;
    uint64_t end;

    if (untyped->type != OBJECT_TYPE_UNTYPED)
        return FAKE_BYTES;
    end = untyped->object - FAKE_BASE + untyped->badge + (untyped->mask + 1ull) * PAGE_BYTES;
    return end < 2 << 20 ? 2 << 20 : end;
}

static void tear_down(void)
{
    fake_cpu.current = NULL;
    world_revoke(&world.memory, false);
    ASSERT(cap_retiring == 0);
    ASSERT(!world.memory.next);
    ASSERT(fake_cpu.scheds == 0 && fake_cpu.ready_mask == 0 && !fake_cpu.timers && !fake_cpu.sched);
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        ASSERT(!fake_cpu.threads[i]);
}

void world_reset(void)
{
    const uint64_t table_bytes = WORLD_SLOTS * sizeof(struct slot);
    uint64_t written = world.table ? dirty() : FAKE_BYTES;

    if (world.table)
        tear_down();
    fake_reset(written);
    self = NULL;
    world = (struct world){.next = SLOT_FREE};
    world.memory.cap = (struct capability){.type = OBJECT_TYPE_UNTYPED,
                                           .rights = UINT8_MAX,
                                           .flags = CAP_ORIGINAL,
                                           .object = FAKE_BASE,
                                           .extra = FAKE_BYTES,
                                           .badge = table_bytes,
                                           .mask = 0};
    world.table = fake_phys_to_ptr(FAKE_BASE);
    memset(world.table, 0, table_bytes);
    captab_init(world.table, WORLD_SLOTS, 0);
    install_root(
        SLOT_CAPTAB,
        (struct capability){.type = OBJECT_TYPE_CAPTAB, .mask = UINT32_MAX, .object = (uint64_t)world.table});
    install_root(SLOT_CONTROL, (struct capability){.type = OBJECT_TYPE_CONTROL, .mask = UINT32_MAX});
    install_root(SLOT_DEVICE, (struct capability){.type = OBJECT_TYPE_UNTYPED,
                                                  .flags = CAP_KEEP,
                                                  .object = DEVICE_BASE,
                                                  .extra = DEVICE_BYTES});
    install_root(SLOT_UNTYPED, (struct capability){.type = OBJECT_TYPE_UNTYPED,
                                                   .object = FAKE_BASE + table_bytes,
                                                   .extra = FAKE_BYTES - table_bytes});
    world.memory.cap.badge = FAKE_BYTES;
    world_make(SLOT_UNTYPED, world.table, SLOT_SPACE, OBJECT_TYPE_SPACE, 16, 0);
}

void world_make(uint32_t from, struct captab *table, uint32_t to, uint8_t type, uint64_t size, uint8_t flags)
{
    struct slot *untyped = world_slot(from);
    uint64_t each = untyped_object_bytes(type, size);
    uint64_t start;

    ASSERT(each != 0 && captab_slot(table, to)->cap.type == OBJECT_TYPE_NONE);
    if (untyped_plan(&untyped->cap, type, each, 1, &start) != OK)
        panic("the world's memory is used up");
    if (type != OBJECT_TYPE_UNTYPED)
        while (!untyped_zero_step(&untyped->cap, start + each)) {
        }
    untyped_commit(untyped, type, flags, size, start, table, to, 1);
}

uint32_t world_new(uint8_t type, uint64_t size, uint8_t flags)
{
    world_make(SLOT_UNTYPED, world.table, world.next, type, size, flags);
    return world.next++;
}

uint32_t world_copy(uint32_t from, uint8_t rights, uint8_t flags, uint16_t interface, uint32_t mask,
                    uint64_t badge)
{
    struct slot *source = world_slot(from);
    struct capability cap = source->cap;

    cap.rights = rights;
    cap.flags = (uint8_t)((cap.flags & CAP_KEEP) | flags);
    if (cap.type == OBJECT_TYPE_ENDPOINT || cap.type == OBJECT_TYPE_NOTIF) {
        cap.interface = interface;
        cap.mask = mask;
        cap.badge = badge;
    } else if (cap.type == OBJECT_TYPE_FRAME || cap.type == OBJECT_TYPE_VCPU) {
        cap.badge = 0;
    }
    cap_install(world_slot(world.next), source, &cap);
    return world.next++;
}

uint32_t world_deep(uint32_t from)
{
    const struct capability *cap = &world_slot(from)->cap;

    while (world_slot(from)->cap.depth < CAP_DEPTH_MAX)
        from = world_copy(from, cap->rights, 0, cap->interface, cap->mask, cap->badge);
    return from;
}

struct endpoint *world_endpoint(void)
{
    return world_object(world_new(OBJECT_TYPE_ENDPOINT, 0, 0));
}
struct notif *world_notif(void)
{
    return world_object(world_new(OBJECT_TYPE_NOTIF, 0, 0));
}

static uint32_t new_sched(uint8_t priority)
{
    uint32_t slot = world_new(OBJECT_TYPE_SCHED, 0, 0);
    struct sched *sched = world_object(slot);

    sched->configured = true;
    sched->budget = sched->remaining = WORLD_BUDGET;
    sched->period = WORLD_PERIOD;
    sched->start = fake.tsc;
    sched->priority = priority;
    fake_cpu.scheds++;
    return slot;
}

struct sched *world_sched(uint8_t priority)
{
    return world_object(new_sched(priority));
}

struct thread *world_thread(const struct recipe *recipe, uint32_t *slot)
{
    const struct recipe plain = {0}, *how = recipe ? recipe : &plain;
    uint8_t priority = how->priority ? how->priority : 10;
    uint32_t own = world_new(OBJECT_TYPE_THREAD, 0, 0);
    struct thread *thread = world_object(own);
    struct slot *const parts[THREAD_PLACES] = {
        [PLACE_SPACE] = world_slot(how->space ? how->space : SLOT_SPACE),
        [PLACE_CAPTAB] = world_slot(SLOT_CAPTAB),
        [PLACE_SCHED] = how->passive ? NULL : world_slot(new_sched(priority)),
        [PLACE_RESERVE] = how->reserve ? world_slot(new_sched(priority)) : NULL,
        [PLACE_FAULT] = how->fault ? world_slot(how->fault) : NULL,
        [PLACE_NOTIF] = how->notif ? world_slot(how->notif) : NULL,
    };

    while (fake_cpu.threads[thread->number])
        thread->number++;
    thread_configure(&fake_cpu, thread, parts, how->fpu, how->compartment);
    if (slot)
        *slot = own;
    return thread;
}

struct thread *world_ready(void)
{
    struct thread *thread = world_thread(NULL, NULL);

    thread_ready(&fake_cpu, thread);
    return thread;
}

void world_run(struct thread *thread)
{
    if (fake_cpu.sched)
        sched_charge(&fake_cpu, fake.tsc);
    fake_cpu.sched = thread->sched;
    fake_cpu.sched_start = fake.tsc;
    thread_switch(&fake_cpu, thread);
    fake_cpu.reschedule = false;
}

struct thread *world_schedule(void)
{
    struct sched *sched;

    sched_charge(&fake_cpu, fake.tsc);
    sched = sched_pick(&fake_cpu, fake.tsc);
    if (!sched) {
        fake_cpu.current = NULL;
        return NULL;
    }
    if (sched->holder != fake_cpu.current)
        thread_switch(&fake_cpu, sched->holder);
    return sched->holder;
}

static void timer_interrupt(struct cpu *cpu)
{
    struct registers regs = {.vector = VECTOR_TIMER};

    entry_trap_kernel(cpu, &regs);
}

void world_time(uint64_t ticks)
{
    fake.tsc += ticks;
    (void)fake_enter(timer_interrupt, false);
}

struct thread *world_self(void)
{
    if (!self) {
        self = world_ready();
        world_run(self);
    }
    return self;
}

static void load(struct thread *thread, enum call number, uint32_t slot, const uint64_t words[MESSAGE_WORDS])
{
    struct registers *regs = &thread->regs;

    if (fake_cpu.current != thread)
        world_run(thread);
    regs->rax = (uint64_t)number << CALL_SHIFT | slot;
    regs->rbx = words[0];
    regs->rbp = words[1];
    regs->r12 = words[2];
    regs->r13 = words[3];
    regs->r14 = words[4];
    regs->r15 = words[5];
    regs->rdx = words[6];
    regs->r8 = words[7];
    regs->r9 = words[8];
    regs->r10 = words[9];
}

enum error world_call(struct thread *thread, enum call number, uint32_t slot,
                      const uint64_t words[MESSAGE_WORDS])
{
    load(thread, number, slot, words);
    sys_call(&fake_cpu);
    return (enum error)thread->regs.rax;
}

enum error world_message(struct thread *thread, enum call number, uint32_t slot, uint64_t label,
                         uint64_t deadline)
{
    if (fake_cpu.current != thread)
        world_run(thread);
    thread->regs.rax = (uint64_t)number << CALL_SHIFT | slot;
    thread->regs.rsi = label;
    thread->regs.rdi = deadline;
    sys_call(&fake_cpu);
    return (enum error)thread->regs.rax;
}

/* All that a refused call could have changed: memory, the processor's block, the machine. */
struct snapshot {
    uint64_t bytes;
    uint8_t *memory;
    struct cpu cpu;
    struct fake_machine machine;
    struct slot root;
    uint32_t retiring;
    struct irq irq[IRQS];
};

static void snapshot_take(struct snapshot *to)
{
    const struct capability *untyped = &world_slot(SLOT_UNTYPED)->cap;

    to->bytes =
        untyped->type == OBJECT_TYPE_UNTYPED ? untyped->object + untyped->badge - FAKE_BASE : FAKE_BYTES / 4;
    to->memory = malloc(to->bytes);
    ASSERT(to->memory);
    memcpy(to->memory, fake_phys_to_ptr(FAKE_BASE), to->bytes);
    to->cpu = fake_cpu;
    to->machine = fake;
    to->root = world.memory;
    to->retiring = cap_retiring;
    for (uint32_t i = 0; i < IRQS; i++)
        to->irq[i] = *irq_get(i);
}

static bool snapshot_same(const struct snapshot *old)
{
    bool same = memcmp(old->memory, fake_phys_to_ptr(FAKE_BASE), old->bytes) == 0 &&
                memcmp(&old->cpu, &fake_cpu, sizeof fake_cpu) == 0 &&
                memcmp(&old->machine, &fake, sizeof fake) == 0 &&
                memcmp(&old->root, &world.memory, sizeof world.memory) == 0 && old->retiring == cap_retiring;

    for (uint32_t i = 0; i < IRQS; i++)
        same = same && memcmp(&old->irq[i], irq_get(i), sizeof(struct irq)) == 0;
    return same;
}

int world_refused(const char *file, int line, enum error error, struct thread *thread, enum call number,
                  uint32_t slot, const uint64_t words[MESSAGE_WORDS], uint64_t label, uint64_t deadline)
{
    static struct snapshot before;
    struct registers regs, answer;
    enum error got;
    int problems = 0;

    load(thread, number, slot, words);
    thread->regs.rsi = label;
    thread->regs.rdi = deadline;
    thread->resume = RESUME_SYSCALL;
    regs = thread->regs;
    snapshot_take(&before);
    sys_call(&fake_cpu);
    got = (enum error)thread->regs.rax;
    answer = thread->regs;
    answer.rax = regs.rax;
    if (got != error) {
        printf("%s:%d: call %d answers %d, expected %d\n", file, line, (int)number, (int)got, (int)error);
        problems++;
    }
    if (memcmp(&answer, &regs, sizeof regs) != 0) {
        printf("%s:%d: a refused call %d changed the caller's registers\n", file, line, (int)number);
        problems++;
    }
    thread->regs = regs;
    if (!snapshot_same(&before)) {
        printf("%s:%d: a refused call %d changed something\n", file, line, (int)number);
        problems++;
    }
    free(before.memory);
    return problems;
}
