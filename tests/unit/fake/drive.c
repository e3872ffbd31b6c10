#include "drive.h"

#include <stdio.h>

#include "base/panic.h"
#include "world.h"

enum { THREADS = 7, GUEST_EXITS_MAX = 4 };

uint64_t drive_answers[27];
uint64_t drive_worlds;
bool drive_verbose;

static const struct drive_source *from;
static uint32_t guest_exits;

static uint64_t word(void)
{
    return from->next(from->context);
}
static uint64_t below(uint64_t limit)
{
    return word() % limit;
}
static bool once_in(uint64_t times)
{
    return below(times) == 0;
}

/* The parameters of each call, a letter each; see parameter(). */
static const char *const shapes[CALL_LIMIT] = {
    [CALL_UNTYPED_RETYPE] = "tfzCd1",
    [CALL_UNTYPED_INFO] = "",
    [CALL_CAPTAB_COPY] = "dCsrfimb",
    [CALL_CAPTAB_DELETE] = "s",
    [CALL_CAPTAB_REVOKE] = "s",
    [CALL_CAPTAB_INSPECT] = "s",
    [CALL_SPACE_MAP] = "Fax",
    [CALL_SPACE_UNMAP] = "F",
    [CALL_SPACE_INFO] = "",
    [CALL_THREAD_CONFIGURE] = "SCHHENff",
    [CALL_THREAD_RESUME] = "",
    [CALL_THREAD_SUSPEND] = "",
    [CALL_THREAD_READ] = "g",
    [CALL_THREAD_WRITE] = "gbbbb",
    [CALL_SCHED_CONFIGURE] = "kBPp0",
    [CALL_SCHED_INFO] = "",
    [CALL_SCHED_YIELD] = "",
    [CALL_ENDPOINT_CALL] = "bbb",
    [CALL_ENDPOINT_WAIT] = "",
    [CALL_ENDPOINT_REPLY_WAIT] = "bb",
    [CALL_ENDPOINT_DEFER] = "",
    [CALL_ENDPOINT_RESUME] = "b",
    [CALL_NOTIF_SIGNAL] = "m",
    [CALL_NOTIF_WAIT] = "",
    [CALL_VCPU_RUN] = "",
    [CALL_VCPU_CONFIGURE] = "SC",
    [CALL_VCPU_READ] = "g",
    [CALL_IRQ_BIND] = "Nm",
    [CALL_IRQ_ACK] = "",
    [CALL_IOPORT_IN] = "oy",
    [CALL_IOPORT_OUT] = "oyb",
    [CALL_CONTROL_IOPORT] = "Cdoo",
    [CALL_CONTROL_IRQ] = "Cdgf",
    [CALL_CONTROL_MSI] = "Cdgb",
    [CALL_CONTROL_DEVICE] = "CdDz",
    [CALL_IOSPACE_MAP] = "FaX",
    [CALL_IOSPACE_UNMAP] = "F",
    [CALL_IOSPACE_ATTACH] = "k1",
    [CALL_IOSPACE_DETACH] = "",
    [CALL_IOSPACE_WATCH] = "Nm",
    [CALL_IOSPACE_FAULT] = "",
};

static const uint8_t frequent[] = {CALL_ENDPOINT_CALL,   CALL_ENDPOINT_WAIT,       CALL_ENDPOINT_REPLY_WAIT,
                                   CALL_ENDPOINT_CALL,   CALL_ENDPOINT_REPLY_WAIT, CALL_ENDPOINT_DEFER,
                                   CALL_ENDPOINT_RESUME, CALL_NOTIF_SIGNAL,        CALL_NOTIF_WAIT,
                                   CALL_VCPU_RUN,        CALL_CAPTAB_COPY,         CALL_SPACE_MAP,
                                   CALL_UNTYPED_RETYPE,  CALL_THREAD_RESUME,       CALL_VCPU_RUN};

/* A slot that holds @type, if there is one after a random place. */
static uint32_t slot_of(uint8_t type)
{
    uint32_t used = world.next + 16, start = (uint32_t)below(used);

    for (uint32_t i = 0; i < used; i++) {
        uint32_t index = (start + i) % used;

        if (index != 0 && world_slot(index)->cap.type == type)
            return index;
    }
    return start;
}

static uint64_t pick(const uint64_t *values, uint64_t count)
{
    return values[below(count)];
}
#define ONE_OF(...) \
    pick((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static uint64_t any_slot(void)
{
    return once_in(8) ? below(8) : SLOT_FREE + below(world.next + 8 - SLOT_FREE);
}

static uint64_t parameter(char letter)
{
    switch (letter) {
    case 't':
        return below(OBJECT_TYPE_CONTROL + 1);
    case 'f':
        return ONE_OF(0, 0, 1);
    case 'z':
        return ONE_OF(0, 1, 4, 64, 128, 4096, 8192, 1ull << 21);
    case 'C':
        return slot_of(OBJECT_TYPE_CAPTAB);
    case 'S':
        return slot_of(OBJECT_TYPE_SPACE);
    case 'H':
        return once_in(3) ? 0 : slot_of(OBJECT_TYPE_SCHED);
    case 'E':
        return once_in(3) ? 0 : slot_of(OBJECT_TYPE_ENDPOINT);
    case 'N':
        return once_in(3) ? 0 : slot_of(OBJECT_TYPE_NOTIF);
    case 'F':
        return slot_of(once_in(4) ? OBJECT_TYPE_VCPU : OBJECT_TYPE_FRAME);
    case 'k':
        return SLOT_CONTROL;
    case 's':
        return any_slot();
    case 'd':
        return once_in(4) ? 1 + below(world.next) : world.next + below(16);
    case '1':
        return 1 + below(2);
    case 'r':
        return once_in(2) ? UINT8_MAX : below(256);
    case 'i':
        return ONE_OF(0, 0, 1, 16);
    case 'm':
        return ONE_OF(0, 1, 3, 0xff, UINT32_MAX);
    case 'a':
        return below(4) << 39 | below(4) << 21 | below(4) << 12;
    case 'x':
        return 1 + below(8);
    case 'X':
        return ONE_OF(1, 3, 3, 8);
    case 'D':
        return DEVICE_FREE - PAGE_BYTES + below(4) * PAGE_BYTES;
    case 'g':
        return below(3);
    case 'B':
        return 10000 + below(50000);
    case 'P':
        return 50000 + below(100000);
    case 'p':
        return below(PRIORITIES);
    case 'o':
        return below(0x400);
    case 'y':
        return 1 + below(4);
    case '0':
        return 0;
    default:
        return once_in(4) ? word() : below(64);
    }
}

static uint64_t deadline(void)
{
    return once_in(6) ? 0 : once_in(12) ? UINT64_MAX : fake.tsc + below(1 << 18);
}

/* What a guest does in hvm_run. */
static enum hvm_exit guest(struct cpu *cpu, struct hvm *hvm)
{
    uint64_t *gpr = hvm->state->gpr;

    (void)cpu;
    fake.tsc += below(2000);
    if (++guest_exits > GUEST_EXITS_MAX)
        return HVM_EXIT_VMM;
    switch (below(8)) {
    case 0:
        return HVM_EXIT_HANDLED;
    case 1:
        return HVM_EXIT_REFUSED;
    case 2:
    case 3:
        return HVM_EXIT_INTERRUPT;
    case 4:
        return HVM_EXIT_VMM;
    default:
        gpr[0] = HYPERCALL_BIT | below(6);
        gpr[6] = label_make((uint32_t)parameter('i'), (uint32_t)below(4), (uint32_t)below(12));
        gpr[7] = deadline();
        gpr[3] = parameter('m');
        return HVM_EXIT_HYPERCALL;
    }
}

/* A line, a message or a fault of the IOMMU, whose record then waits. */
static uint64_t device_vector(void)
{
    if (once_in(3))
        return VECTOR_GSI + GSI_COUNT + below(2);
    if (!once_in(3))
        return VECTOR_GSI + below(8);
    fake.dma.fault[0] = (struct dma_fault){word(), (uint32_t)below(8), (uint16_t)below(3)};
    fake.dma.faults = 1;
    return VECTOR_IOMMU;
}

static void interrupt(void)
{
    struct registers regs = {.vector = once_in(2) ? (uint64_t)VECTOR_TIMER : device_vector()};

    entry_trap_kernel(&fake_cpu, &regs);
}

static void vmm_objects(uint32_t *made)
{
    uint32_t space = world_new(OBJECT_TYPE_SPACE, 8, SPACE_GUEST),
             table = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);
    uint32_t vcpu = world_new(OBJECT_TYPE_VCPU, 0, 0);

    for (uint32_t i = 0; i < 3; i++) {
        struct slot *source = world_slot(made[i]);
        struct capability cap = source->cap;

        cap.flags = CAP_SEALED;
        cap.rights = RIGHT_CALL | RIGHT_SIGNAL;
        cap_install(captab_slot(world_object(table), i + 1), source, &cap);
    }
    (void)world_call(world_self(), CALL_VCPU_CONFIGURE, vcpu, WORDS(space, table));
}

void drive_begin(void)
{
    uint32_t endpoint[3], notif[3], thread[THREADS];
    struct thread *one;

    world_reset();
    drive_worlds++;
    fake_guest = guest;
    fake_interrupt = interrupt;
    for (uint32_t i = 0; i < 3; i++)
        endpoint[i] = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);
    for (uint32_t i = 0; i < 3; i++)
        notif[i] = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    const struct recipe recipes[THREADS] = {
        {.priority = 10},
        {.priority = 10, .fault = endpoint[0]},
        {.priority = 20, .notif = notif[0]},
        {.priority = 20, .reserve = true, .notif = notif[1]},
        {.passive = true, .reserve = true, .priority = 15},
        {.passive = true},
        {.priority = 5, .fpu = true, .compartment = 1},
    };
    for (uint32_t i = 0; i < THREADS; i++) {
        one = world_thread(&recipes[i], &thread[i]);
        thread_ready(&fake_cpu, one);
    }
    vmm_objects((uint32_t[]){endpoint[1], endpoint[2], notif[2]});
    (void)world_new(OBJECT_TYPE_UNTYPED, 1 << 20, 0);
    (void)world_new(OBJECT_TYPE_CAPTAB, 64, 0);
    (void)world_new(OBJECT_TYPE_FRAME, 4096, 0);
    (void)world_new(OBJECT_TYPE_FRAME, 4096, 0);
    (void)world_sched(30);
    (void)world_call(world_self(), CALL_CONTROL_IRQ, SLOT_CONTROL, WORDS(SLOT_CAPTAB, world.next++, 4, 0));
    (void)world_call(world_self(), CALL_CONTROL_MSI, SLOT_CONTROL, WORDS(SLOT_CAPTAB, world.next++, 0, 1));
    (void)world_new(OBJECT_TYPE_IOSPACE, 8, 0);
    (void)world_new(OBJECT_TYPE_IOSPACE, 8, 0);
    (void)world_call(world_self(), CALL_CONTROL_IOPORT, SLOT_CONTROL,
                     WORDS(SLOT_CAPTAB, world.next++, 0x3f8, 0x3ff));
    /* Servers that have no context wait, as they would after their start. */
    for (uint32_t i = 0; i < 2; i++) {
        one = world_object(thread[4 + i]);
        (void)world_message(one, CALL_ENDPOINT_WAIT, endpoint[1 + i], 0, UINT64_MAX);
    }
    fake_cpu.reschedule = true;
    (void)fake_enter(entry_leave, false);
}

static enum call a_call(void)
{
    enum call number;

    if (!once_in(3))
        return (enum call)frequent[below(sizeof frequent)];
    for (number = (enum call)below(CALL_LIMIT); !shapes[number];
         number = (enum call)((number + 1u) % CALL_LIMIT)) {
    }
    /* What destroys comes seldom, or nothing is ever built. */
    if ((number == CALL_CAPTAB_DELETE || number == CALL_CAPTAB_REVOKE || number == CALL_THREAD_SUSPEND) &&
        !once_in(4))
        return CALL_CAPTAB_COPY;
    return number;
}

static void load_call(struct registers *regs, enum call number)
{
    uint64_t *const target[MESSAGE_WORDS] = {&regs->rbx, &regs->rbp, &regs->r12, &regs->r13, &regs->r14,
                                             &regs->r15, &regs->rdx, &regs->r8,  &regs->r9,  &regs->r10};
    const char *shape = shapes[number];
    bool more = true;

    for (uint32_t i = 0; i < MESSAGE_WORDS; i++) {
        more = more && shape[i] != 0;
        *target[i] = more ? parameter(shape[i]) : 0;
    }
    if (once_in(16))
        *target[below(MESSAGE_WORDS)] = word();
    regs->rax =
        (uint64_t)number << CALL_SHIFT | (once_in(16) ? below(256) : slot_of(call_rules[number].type));
    regs->rsi = number == CALL_ENDPOINT_CALL
                    ? label_make((uint32_t)parameter('i'), (uint32_t)below(3), (uint32_t)below(11))
                    : label_reply((uint32_t)below(3), (uint32_t)below(11));
    if (once_in(32))
        regs->rsi = word();
    regs->rdi = number == CALL_ENDPOINT_RESUME ? below(2) | (1 + below(4)) << 8 : deadline();
}

/* entry.S tries these two before it takes the slow path. */
static bool switched;

static void enter_notif(struct cpu *cpu)
{
    struct registers *regs = &cpu->current->regs;
    bool wait = regs->rax >> CALL_SHIFT == CALL_NOTIF_WAIT;
    struct notif *notif;
    struct slot *slot;

    switched = false;
    if (captab_find(cpu->current->captab, (uint32_t)regs->rax, OBJECT_TYPE_NOTIF,
                    wait ? RIGHT_WAIT : RIGHT_SIGNAL, &slot) != OK)
        return;
    notif = cap_object(slot);
    if (wait ? notif->bits != 0 : !notif->queue.head || (regs->rbx & ~(uint64_t)slot->cap.mask))
        return;
    cpu->current->resume = RESUME_SYSCALL;
    switched = wait ? notif_give_way(cpu, notif, regs->rdi) : notif_hand_over(cpu, notif, regs->rbx);
    if (switched)
        regs->rax = OK;
}

static void system_call(void)
{
    struct thread *thread = fake_cpu.current;
    struct registers *regs = &thread->regs;

    load_call(regs, a_call());
    if (drive_verbose)
        printf("thread %u: call %u on %u (%#llx %#llx %#llx) deadline %#llx\n", thread->number,
               (unsigned)(regs->rax >> CALL_SHIFT), (uint32_t)regs->rax, (unsigned long long)regs->rbx,
               (unsigned long long)regs->rbp, (unsigned long long)regs->r12, (unsigned long long)regs->rdi);
    guest_exits = 0;
    if (regs->rax >> CALL_SHIFT == CALL_NOTIF_SIGNAL || regs->rax >> CALL_SHIFT == CALL_NOTIF_WAIT) {
        (void)fake_enter(enter_notif, false);
        if (switched)
            return;
    }
    (void)fake_enter(entry_call, false);
    if (fake_cpu.current == thread && regs->rax < 27)
        drive_answers[regs->rax]++;
}

static void trap(uint64_t vector)
{
    if (drive_verbose)
        printf("trap %u\n", (unsigned)vector);
    if (fake_cpu.current) {
        fake_cpu.current->regs.vector = vector;
        (void)fake_enter(entry_trap, false);
    } else {
        struct registers regs = {.vector = vector};

        entry_trap_kernel(&fake_cpu, &regs);
        (void)fake_enter(entry_leave, false);
    }
}

/* Nobody runs: on to the next deadline, or to a new world. */
static void idle(void)
{
    if (once_in(8)) {
        trap(VECTOR_GSI + 4);
    } else if (fake_cpu.timers) {
        if (fake.tsc < fake_cpu.timers->when)
            fake.tsc = fake_cpu.timers->when;
        trap(VECTOR_TIMER);
    } else {
        drive_begin();
    }
}

static void drive_tell(void)
{
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        const struct thread *thread = fake_cpu.threads[i];

        if (!thread)
            continue;
        printf(" %s%u state %u", thread == fake_cpu.current ? "*" : "", i, thread->state);
        if (thread->caller)
            printf(" caller %u", thread->caller->number);
        if (thread->callee)
            printf(" callee %u", thread->callee->number);
        if (thread->lender)
            printf(" lender %u", thread->lender->number);
        printf("%s;", !thread->sched                     ? " none"
                      : thread->sched == thread->own     ? ""
                      : thread->sched == thread->reserve ? " reserve"
                                                         : " lent");
    }
    printf("\n");
}

uint32_t drive_step(const struct drive_source *source)
{
    from = source;
    guest_exits = 0;
    fake.tsc += below(4096);
    if (!fake_cpu.current) {
        idle();
    } else if (once_in(12)) {
        if (once_in(3))
            fake.tsc += below(1 << 20);
        trap(VECTOR_TIMER);
    } else if (once_in(48)) {
        trap(14);
    } else if (once_in(24)) {
        trap(device_vector());
    } else {
        system_call();
    }
    if (drive_verbose)
        drive_tell();
    return invariants();
}
