/* kernel/obj/vcpu.c over a scripted guest: hypercalls, deadlines, cancellation. */
#include "unit.h"
#include "world.h"

enum { INTERFACE = 16, BADGE = 5, RAX = 0, RBX = 3, RBP = 5, RSI = 6, RDI = 7, R12 = 12 };
enum { CALLABLE = 1, SIGNALS, MUTE, WRONG, EMPTY, SILENT };
#define LABEL label_make(INTERFACE, 2, 2)

static struct {
    struct vcpu *vcpu;
    struct thread *vmm;
    uint32_t slot, service, endpoint, notif, bound, space, table;
    uint32_t exits, hypercalls; /* how many hypercalls the guest makes before it exits */
    uint64_t rax, label, deadline, word;
    uint64_t answered; /* rax that the guest found at its next entry */
    enum hvm_exit kind;
} it;

static enum hvm_exit guest(struct cpu *cpu, struct hvm *hvm)
{
    uint64_t *gpr = hvm->state->gpr;

    (void)cpu;
    if (it.exits > 0)
        it.answered = gpr[RAX];
    if (it.exits++ >= it.hypercalls)
        return HVM_EXIT_VMM;
    for (uint32_t i = 0; i < 16; i++)
        gpr[i] = 0xdd;
    gpr[RAX] = it.rax;
    gpr[RSI] = it.label;
    gpr[RDI] = it.deadline;
    gpr[RBX] = it.word;
    gpr[RBP] = 0x22;
    return it.kind;
}

static void hold(uint32_t index, uint32_t from, uint8_t rights, uint16_t interface, uint32_t mask,
                 uint64_t badge)
{
    struct capability cap = world_slot(from)->cap;

    cap.rights = rights;
    cap.flags = CAP_SEALED;
    cap.interface = interface;
    cap.mask = mask;
    cap.badge = badge;
    cap_install(captab_slot(world_object(it.table), index), world_slot(from), &cap);
}

static void set_up(void)
{
    memset(&it, 0, sizeof it);
    it.slot = world_new(OBJECT_TYPE_VCPU, 0, 0);
    it.vcpu = world_object(it.slot);
    it.space = world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST);
    it.table = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);
    it.endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);
    it.notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    it.bound = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    it.vmm = world_thread(&(struct recipe){.notif = it.bound}, NULL);
    thread_ready(&fake_cpu, it.vmm);
    hold(CALLABLE, it.endpoint, RIGHT_CALL, INTERFACE, 1u << 2, BADGE);
    hold(SIGNALS, it.notif, RIGHT_SIGNAL, 0, 0x3, 0);
    hold(MUTE, it.endpoint, 0, INTERFACE, 1u << 2, BADGE);
    hold(WRONG, SLOT_SPACE, UINT8_MAX, 0, 0, 0);
    hold(SILENT, it.notif, 0, 0, 0x3, 0);
    CHECK_EQ(world_call(it.vmm, CALL_VCPU_CONFIGURE, it.slot, WORDS(it.space, it.table)), OK);
    fake_guest = guest;
    it.kind = HVM_EXIT_HYPERCALL;
    it.label = LABEL;
    it.deadline = UINT64_MAX;
    it.word = 1;
}

static void drop_wrong(void)
{
    cap_free(&fake_cpu, captab_slot(world_object(it.table), WRONG));
} /* no terminal table has such a thing */

static void run(uint64_t deadline)
{
    CHECK_EQ(world_message(it.vmm, CALL_VCPU_RUN, it.slot, 0, deadline), OK);
    vcpu_loop(&fake_cpu, it.vmm);
}

/* The guest's one hypercall is refused with @error, and the guest goes on. */
static void refused(enum error error, uint64_t slot, uint64_t label)
{
    it.exits = 0;
    it.hypercalls = 1;
    it.rax = HYPERCALL_BIT | slot;
    it.label = label;
    run(UINT64_MAX);
    CHECK_EQ(it.answered, error);
    CHECK_EQ(it.exits, 2);
    CHECK(it.vmm->state == THREAD_STATE_READY && it.vmm->regs.rbx == RUN_REASON_EXIT);
    CHECK_EQ(it.vcpu->hvm.state->gpr[RBX], 0);
}

static void test_vcpu__hypercalls_reach_nothing_outside_the_guests_table(void)
{
    set_up();
    const uint64_t outside[] = {
        0, EMPTY, 63, 64, 65, 1ull << 32 | CALLABLE, 1ull << 62 | CALLABLE, ~HYPERCALL_BIT};

    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        refused(ERR_SLOT, outside[i], LABEL);
    refused(ERR_TYPE, WRONG, LABEL);
    refused(ERR_RIGHTS, MUTE, LABEL);
    drop_wrong();
    CHECK_WORLD();
}

static void test_vcpu__hypercalls_are_checked_like_calls(void)
{
    set_up();
    refused(ERR_INTERFACE, CALLABLE, label_make(INTERFACE + 1, 2, 0));
    refused(ERR_METHOD, CALLABLE, label_make(INTERFACE, 3, 0));
    refused(ERR_LENGTH, CALLABLE, label_make(INTERFACE, 2, MESSAGE_WORDS + 1));
    refused(ERR_LENGTH, CALLABLE, LABEL | 1ull << 32);
    it.deadline = 0;
    refused(ERR_TIMEOUT, CALLABLE, LABEL);
    drop_wrong();
    CHECK_WORLD();
}

static void test_vcpu__hypercalls_without_a_table_reach_nothing(void)
{
    set_up();
    drop_wrong();
    world_revoke(world_slot(it.table), true);
    CHECK(!it.vcpu->captab);
    refused(ERR_SLOT, CALLABLE, LABEL);
    CHECK_WORLD();
}

static void test_vcpu__hypercalls_are_refused_below_a_retiring_capability(void)
{
    set_up();
    cap_retire(world_slot(it.endpoint), false);
    refused(ERR_RETIRED, CALLABLE, LABEL);
    cap_retire(world_slot(it.notif), false);
    refused(ERR_RETIRED, SIGNALS, LABEL);
    drop_wrong();
    world_revoke(world_slot(it.endpoint), false);
    world_revoke(world_slot(it.notif), false);
}

static void test_vcpu__hypercalls_from_the_wrong_mode_are_answered_so(void)
{
    set_up();
    it.kind = HVM_EXIT_REFUSED;
    refused(ERR_MODE, CALLABLE, LABEL);
    drop_wrong();
}

static void test_vcpu__guests_signal_within_their_mask(void)
{
    const struct notif *notif;

    set_up();
    drop_wrong();
    notif = world_object(it.notif);
    it.word = 4;
    refused(ERR_METHOD, SIGNALS, 0);
    it.word = 1ull << 32 | 1;
    refused(ERR_METHOD, SIGNALS, 0);
    it.word = 2;
    refused(ERR_RIGHTS, SILENT, 0);
    CHECK_EQ(notif->bits, 0);
    refused(OK, SIGNALS, 0);
    CHECK_EQ(notif->bits, 2);
    CHECK_WORLD();
}

/* A service that waits, or will. */
static struct thread *service(bool waits)
{
    struct thread *server = world_ready();

    it.hypercalls = 1;
    it.rax = HYPERCALL_BIT | CALLABLE;
    if (waits)
        CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, it.endpoint, 0, UINT64_MAX), OK);
    return server;
}

static void test_vcpu__a_hypercall_goes_to_the_service(void)
{
    struct thread *server;

    set_up();
    drop_wrong();
    server = service(false);
    run(UINT64_MAX);
    CHECK_EQ(it.vmm->state, THREAD_STATE_HYPERCALL);
    CHECK_WORLD();
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, it.endpoint, 0, UINT64_MAX), OK);
    CHECK(server->caller == it.vmm && server->regs.rdi == BADGE && server->regs.rsi == LABEL &&
          server->regs.rbx == 1 && server->regs.rbp == 0x22);
    CHECK(server->regs.r12 == 0 && server->sched == it.vmm->own); /* the VMM's thread is charged */
    server->regs.rbx = 0x99;
    endpoint_reply(&fake_cpu, server, label_reply(ERR_DENIED, 1));
    CHECK_EQ(it.vmm->state, THREAD_STATE_IN_GUEST);
    CHECK_EQ(it.vcpu->hvm.state->gpr[RAX], OK);
    CHECK(it.vcpu->hvm.state->gpr[RBX] == 0x99 && it.vcpu->hvm.state->gpr[RBP] == 0 &&
          label_status(it.vcpu->hvm.state->gpr[RSI]) == ERR_DENIED);
    CHECK_EQ(it.vcpu->hvm.state->gpr[RDI], 0);
    CHECK_WORLD();
}

static void test_vcpu__a_waiting_service_receives_it_at_once(void)
{
    const struct thread *server;

    set_up();
    drop_wrong();
    server = service(true);
    run(UINT64_MAX);
    CHECK(server->state == THREAD_STATE_READY && server->caller == it.vmm && server->regs.rdi == BADGE &&
          server->regs.rsi == LABEL);
    CHECK(server->sched == it.vmm->own && it.vmm->own->holder == server && world_schedule() == server);
    CHECK_WORLD();
}

static void test_vcpu__a_waiting_service_is_not_reached_by_what_is_refused(void)
{
    const struct thread *server;

    set_up();
    server = service(true);
    refused(ERR_INTERFACE, CALLABLE, label_make(INTERFACE + 1, 2, 0));
    refused(ERR_METHOD, CALLABLE, label_make(INTERFACE, 3, 0));
    refused(ERR_LENGTH, CALLABLE, LABEL | 1ull << 32);
    refused(ERR_RIGHTS, MUTE, LABEL);
    refused(ERR_TYPE, WRONG, LABEL);
    refused(ERR_SLOT, 64, LABEL);
    cap_retire(world_slot(it.endpoint), false);
    refused(ERR_RETIRED, CALLABLE, LABEL);
    CHECK(server->state == THREAD_STATE_WAITING && !server->caller);
    drop_wrong();
    world_revoke(world_slot(it.endpoint), false);
}

static void test_vcpu__a_debtor_is_refused(void)
{
    struct thread *server;

    set_up();
    drop_wrong();
    server = world_thread(&(struct recipe){.reserve = true}, NULL);
    thread_ready(&fake_cpu, server);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, it.endpoint, 0, UINT64_MAX), OK);
    it.vmm->own->debt = 10;
    refused(ERR_DEBT, CALLABLE, LABEL);
    CHECK_WORLD();
}

/* The smallest of the guest's deadline, the VMM's limit and the end of the run. */
static uint64_t deadline_of(uint64_t guest_deadline, uint64_t offset, uint64_t limit, uint64_t run_deadline)
{
    world_reset();
    set_up();
    drop_wrong();
    (void)service(false);
    it.deadline = guest_deadline;
    it.vcpu->hvm.tsc_offset = offset;
    it.vcpu->hvm.state->call_limit = limit;
    run(run_deadline);
    CHECK_EQ(it.vmm->state, THREAD_STATE_HYPERCALL);
    return it.vmm->deadline - fake.tsc;
}

static void test_vcpu__a_guest_waits_no_longer_than_anyone_allows(void)
{
    const uint64_t now = 1000000; /* fake_reset */

    CHECK_EQ(deadline_of(now + 500, 0, 0, UINT64_MAX), 500);
    CHECK_EQ(deadline_of(now + 70 + 500, 70, 0, UINT64_MAX), 500); /* in its own time */
    CHECK_EQ(deadline_of(now + 500, 0, 300, UINT64_MAX), 300);
    CHECK_EQ(deadline_of(now + 500, 0, 900, UINT64_MAX), 500);
    CHECK_EQ(deadline_of(now + 500, 0, 0, now + 200), 200);
    CHECK_EQ(deadline_of(UINT64_MAX, 0, 0, now + 200), 200);
    CHECK_EQ(deadline_of(UINT64_MAX, 0, 300, UINT64_MAX), 300);
    CHECK_EQ(deadline_of(UINT64_MAX, 0, UINT64_MAX - 5, UINT64_MAX), UINT64_MAX - 1 - now); /* no wrap */
}

static void test_vcpu__a_hypercall_times_out_and_the_guest_goes_on(void)
{
    set_up();
    drop_wrong();
    (void)service(false);
    it.deadline = fake.tsc + 100;
    run(fake.tsc + 1000);
    world_time(100);
    CHECK(it.vmm->state == THREAD_STATE_IN_GUEST && it.vcpu->hvm.state->gpr[RAX] == ERR_TIMEOUT);
    CHECK_WORLD();
    world_time(900);
    CHECK(it.vmm->state == THREAD_STATE_READY && it.vmm->regs.rbx == RUN_REASON_DEADLINE && !it.vcpu->thread);
    CHECK_WORLD();
}

static void test_vcpu__the_end_of_the_run_cancels_a_hypercall(void)
{
    set_up();
    drop_wrong();
    (void)service(false);
    run(fake.tsc + 100);
    world_time(100);
    CHECK(it.vmm->state == THREAD_STATE_READY && it.vmm->regs.rbx == RUN_REASON_DEADLINE &&
          it.vcpu->hvm.state->gpr[RAX] == ERR_CANCELED);
    CHECK_WORLD();
}

static void test_vcpu__a_notification_cancels_a_hypercall(void)
{
    set_up();
    drop_wrong();
    (void)service(false);
    run(UINT64_MAX);
    notif_signal(&fake_cpu, world_object(it.bound), 0x8);
    CHECK(it.vmm->state == THREAD_STATE_READY && it.vmm->regs.rax == OK &&
          it.vmm->regs.rbx == RUN_REASON_NOTIFICATION && it.vmm->regs.rbp == 0x8);
    CHECK_EQ(it.vcpu->hvm.state->gpr[RAX], ERR_CANCELED);
    CHECK(!it.vcpu->thread && !((struct endpoint *)world_object(it.endpoint))->queue.head);
    CHECK_WORLD();
}

static void strike(void)
{
    notif_signal(&fake_cpu, world_object(it.bound), 0x8);
}

static void test_vcpu__a_notification_leaves_the_guest(void)
{
    set_up();
    drop_wrong();
    it.hypercalls = 1;
    it.kind = HVM_EXIT_INTERRUPT;
    fake_interrupt = strike;
    run(UINT64_MAX);
    CHECK(fake.windows == 1 && it.exits == 1);
    CHECK(it.vmm->state == THREAD_STATE_READY && it.vmm->regs.rbx == RUN_REASON_NOTIFICATION &&
          it.vmm->regs.rbp == 0x8);
    CHECK_WORLD();
}

static void test_vcpu__what_waits_already_comes_before_the_guest(void)
{
    set_up();
    drop_wrong();
    notif_signal(&fake_cpu, world_object(it.bound), 0x8);
    run(UINT64_MAX);
    CHECK(it.exits == 0 && it.vmm->regs.rbx == RUN_REASON_NOTIFICATION &&
          ((struct notif *)world_object(it.bound))->bits == 0);
    run(0);
    CHECK(it.exits == 0 && it.vmm->regs.rbx == RUN_REASON_DEADLINE);
    CHECK_WORLD();
}

static void test_vcpu__exits_carry_the_nested_root_and_its_generation(void)
{
    struct space *space;

    set_up();
    drop_wrong();
    space = world_object(it.space);
    space->generation = 42;
    run(UINT64_MAX);
    CHECK(fake.nested_root == space->root_pa.value && fake.nested_generation == 42 &&
          it.vmm->regs.rbx == RUN_REASON_EXIT);
}

static void test_vcpu__without_its_space_a_guest_stops(void)
{
    set_up();
    drop_wrong();
    (void)service(false);
    run(UINT64_MAX);
    world_revoke(world_slot(it.space), true);
    CHECK(it.vmm->state == THREAD_STATE_STOPPED && !it.vcpu->thread && !it.vcpu->space);
    CHECK_WORLD();
}

static void test_vcpu__retirement_stops_the_thread_and_leaves_the_processor(void)
{
    set_up();
    drop_wrong();
    CHECK_EQ(world_message(it.vmm, CALL_VCPU_RUN, it.slot, 0, UINT64_MAX), OK);
    fake_cpu.fpu = &it.vcpu->hvm.fpu;
    world_revoke(world_slot(it.slot), true);
    CHECK(it.vmm->state == THREAD_STATE_STOPPED && it.vmm->regs.rax == ERR_CANCELED && !it.vmm->vcpu);
    CHECK(fake.hvm_retired == 1 && !fake_cpu.fpu && !cap_has_children(world_slot(it.space)));
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_vcpu__hypercalls_reach_nothing_outside_the_guests_table);
    RUN_WORLD(test_vcpu__hypercalls_are_checked_like_calls);
    RUN_WORLD(test_vcpu__hypercalls_without_a_table_reach_nothing);
    RUN_WORLD(test_vcpu__hypercalls_are_refused_below_a_retiring_capability);
    RUN_WORLD(test_vcpu__hypercalls_from_the_wrong_mode_are_answered_so);
    RUN_WORLD(test_vcpu__guests_signal_within_their_mask);
    RUN_WORLD(test_vcpu__a_hypercall_goes_to_the_service);
    RUN_WORLD(test_vcpu__a_waiting_service_receives_it_at_once);
    RUN_WORLD(test_vcpu__a_waiting_service_is_not_reached_by_what_is_refused);
    RUN_WORLD(test_vcpu__a_debtor_is_refused);
    RUN_WORLD(test_vcpu__a_guest_waits_no_longer_than_anyone_allows);
    RUN_WORLD(test_vcpu__a_hypercall_times_out_and_the_guest_goes_on);
    RUN_WORLD(test_vcpu__the_end_of_the_run_cancels_a_hypercall);
    RUN_WORLD(test_vcpu__a_notification_cancels_a_hypercall);
    RUN_WORLD(test_vcpu__a_notification_leaves_the_guest);
    RUN_WORLD(test_vcpu__what_waits_already_comes_before_the_guest);
    RUN_WORLD(test_vcpu__exits_carry_the_nested_root_and_its_generation);
    RUN_WORLD(test_vcpu__without_its_space_a_guest_stops);
    RUN_WORLD(test_vcpu__retirement_stops_the_thread_and_leaves_the_processor);
    world_reset();
    return UNIT_RESULT();
}
