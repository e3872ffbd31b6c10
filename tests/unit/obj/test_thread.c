/* kernel/obj/thread.c: lending, falling back on the reserve, stopping and retiring in every state. */
#include "unit.h"
#include "world.h"

enum { INTERFACE = 16 };
#define LABEL label_make(INTERFACE, 0, 0)

static uint32_t endpoint(uint32_t *client)
{
    uint32_t slot = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);

    *client = world_copy(slot, UINT8_MAX, 0, INTERFACE, 1, 0);
    return slot;
}

static struct thread *server_on(uint32_t slot, const struct recipe *recipe)
{
    struct thread *server = world_thread(recipe, NULL);

    thread_ready(&fake_cpu, server);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, slot, 0, UINT64_MAX), OK);
    return server;
}

static void calls(struct thread *client, uint32_t slot, uint64_t deadline)
{
    CHECK_EQ(world_message(client, CALL_ENDPOINT_CALL, slot, LABEL, deadline), OK);
}

static uint32_t slot_of_object(const void *object)
{
    for (uint32_t i = 1; i < world.next; i++)
        if (world_slot(i)->cap.type > OBJECT_TYPE_FRAME && world_object(i) == object)
            return i;
    return 0;
}

/* a calls first, whose server calls second: both run on a's context. */
static struct chain {
    struct thread *a, *first, *second;
    uint32_t slot[2];
} chain(const struct recipe *one, const struct recipe *two)
{
    struct chain made;
    uint32_t client[2];

    made.slot[0] = endpoint(&client[0]);
    made.slot[1] = endpoint(&client[1]);
    made.first = server_on(made.slot[0], one);
    made.second = server_on(made.slot[1], two);
    made.a = world_ready();
    calls(made.a, client[0], fake.tsc + 50000);
    calls(made.first, client[1], UINT64_MAX);
    CHECK(made.second->caller == made.first && made.first->caller == made.a);
    CHECK_WORLD();
    return made;
}

static void test_thread__a_context_is_lent_down_a_chain(void)
{
    struct chain made = chain(NULL, NULL);
    struct sched *sched = made.a->own;

    CHECK(made.first->sched == sched && made.second->sched == sched && sched->holder == made.second &&
          sched->queued);
    endpoint_reply(&fake_cpu, made.second, label_reply(OK, 0));
    CHECK(sched->holder == made.first && made.second->sched == made.second->own);
    CHECK_WORLD();
}

static void test_thread__a_caller_that_goes_takes_its_context_from_the_chain(void)
{
    struct chain made = chain(NULL, NULL);

    world_time(50000);
    CHECK(made.a->regs.rax == ERR_TIMEOUT && made.a->own->holder == made.a);
    CHECK(made.first->sched == made.first->own && made.second->sched == made.first->own &&
          made.first->own->holder == made.second);
    CHECK(!made.first->caller && made.second->caller == made.first);
    CHECK_WORLD();
}

static void test_thread__passive_servers_stop_without_a_context_and_go_on_with_the_next(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, &(struct recipe){.passive = true}), *a = world_ready(),
                  *b = world_ready();

    calls(a, client, fake.tsc + 100);
    world_time(100);
    CHECK(!server->sched && server->state == THREAD_STATE_READY);
    CHECK_WORLD();
    calls(b, client, UINT64_MAX); /* waits for a server that it helps to finish */
    CHECK(server->sched == b->own && server->lender == b && b->own->holder == server);
    CHECK_WORLD();
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, slot, 0, UINT64_MAX), OK);
    CHECK(server->caller == b && server->lender == b);
    CHECK_WORLD();
}

/* The help was for one server; another takes its place before the call is received. */
static void test_thread__help_is_taken_back_when_another_server_takes_over(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, &(struct recipe){.passive = true}), *a = world_ready(),
                  *b = world_ready(), *other = world_ready();

    calls(a, client, fake.tsc + 100);
    world_time(100);
    calls(b, client, UINT64_MAX);
    thread_stop(&fake_cpu, server, THREAD_STATE_STOPPED);
    CHECK_EQ(world_message(other, CALL_ENDPOINT_WAIT, slot, 0, UINT64_MAX), OK);
    CHECK(other->caller == b && other->lender == b && !server->lender && !server->sched);
    CHECK_WORLD();
    thread_ready(&fake_cpu, server);
    CHECK(b->own->holder == other);
    CHECK_WORLD();
}

static struct fallen {
    struct thread *server, *client;
    uint32_t slot;
} fallen(bool passive)
{
    struct fallen made;
    uint32_t client;

    made.slot = endpoint(&client);
    made.server = server_on(made.slot, &(struct recipe){.passive = passive, .reserve = true});
    made.client = world_ready();
    calls(made.client, client, UINT64_MAX);
    CHECK(world_schedule() == made.server);
    fake.tsc += WORLD_BUDGET;
    CHECK(world_schedule() == made.server); /* on its reserve now */
    CHECK(made.server->sched == made.server->reserve && made.server->debtor == made.client->own &&
          made.client->own->exhausted);
    CHECK_WORLD();
    return made;
}

static void test_thread__the_reserve_finishes_and_the_caller_owes(void)
{
    struct fallen made = fallen(false);

    fake.tsc += 777;
    CHECK_EQ(world_message(made.server, CALL_ENDPOINT_REPLY_WAIT, made.slot, label_reply(OK, 0), UINT64_MAX),
             OK);
    CHECK(made.client->own->debt == 777 && !made.server->debtor && made.server->sched == made.server->own);
    CHECK(made.client->state == THREAD_STATE_READY && !made.client->own->queued);
    CHECK_WORLD();
    world_time(WORLD_PERIOD);
    CHECK(world_schedule() == made.client);
    CHECK(made.client->own->debt == 0 && made.client->own->remaining == WORLD_BUDGET - 777);
}

static void test_thread__the_reserve_is_kept_when_the_lent_context_is_revoked(void)
{
    struct fallen made = fallen(true);

    world_revoke(world_slot(slot_of_object(made.client->own)), true);
    CHECK_EQ(made.client->state, THREAD_STATE_STOPPED);
    CHECK(made.server->sched == made.server->reserve && made.server->reserve->holder == made.server &&
          made.server->reserve->queued);
    CHECK(!made.server->debtor && !made.server->lender);
    CHECK_WORLD();
    CHECK_EQ(world_message(made.server, CALL_ENDPOINT_REPLY_WAIT, made.slot, label_reply(OK, 0), UINT64_MAX),
             OK);
    CHECK(!made.server->sched && !made.server->reserve->queued); /* no work is left for the reserve */
    CHECK_WORLD();
}

static void test_thread__a_caller_that_dies_leaves_a_passive_server_on_its_reserve(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, &(struct recipe){.passive = true, .reserve = true}),
                  *a = world_ready();

    calls(a, client, UINT64_MAX);
    world_revoke(world_slot(slot_of_object(a)), true);
    CHECK(!server->caller && server->sched == server->reserve && server->reserve->queued);
    CHECK_WORLD();
}

static void test_thread__a_caller_without_context_leaves_a_passive_server_on_its_reserve(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, &(struct recipe){.passive = true, .reserve = true}),
                  *a = world_ready();

    calls(a, client, UINT64_MAX);
    world_revoke(world_slot(slot_of_object(a->own)), true);
    CHECK(!server->caller && !server->debtor && server->sched == server->reserve && server->reserve->queued);
    CHECK_WORLD();
}

static void test_thread__a_lost_reserve_is_forgotten(void)
{
    struct fallen made = fallen(false);
    struct sched *reserve = made.server->reserve;
    uint32_t slot = slot_of_object(reserve);

    /* Only the link to the thread goes; the context lives on, and must not remember the thread. */
    world_revoke(world_slot(slot), false);
    CHECK(!made.server->reserve && !made.server->debtor && made.server->sched == made.client->own);
    CHECK(!reserve->owner && !reserve->holder && !reserve->queued);
    CHECK_WORLD();
    world_revoke(world_slot(slot_of_object(made.server)), true);
    CHECK_WORLD();
    world_time(2 * WORLD_PERIOD);
    CHECK_WORLD();
}

static void test_thread__a_context_does_not_remember_a_dead_server(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, NULL), *faulted;

    faulted = world_thread(&(struct recipe){.fault = client}, NULL);
    thread_ready(&fake_cpu, faulted);
    world_run(faulted);
    faulted->regs.vector = 13;
    (void)fake_enter(entry_trap, false);
    CHECK(faulted->own->holder == server);
    world_revoke(world_slot(slot_of_object(server)), true);
    CHECK(faulted->state == THREAD_STATE_STOPPED && !faulted->own->holder);
    CHECK_WORLD();
}

static void test_thread__a_dead_server_tells_its_caller(void)
{
    uint32_t client, slot = endpoint(&client);
    struct thread *server = server_on(slot, NULL), *a = world_ready();

    calls(a, client, UINT64_MAX);
    world_revoke(world_slot(slot_of_object(server)), true);
    CHECK(a->state == THREAD_STATE_READY && a->regs.rax == ERR_PEER && a->own->holder == a && !a->callee);
    CHECK(!((struct endpoint *)world_object(slot))->owner);
    CHECK_WORLD();
}

/* What a thread can be doing when it is stopped or destroyed. */
enum doing {
    READY,
    RUNNING,
    QUEUED,
    SERVED,
    DEFERRED,
    SERVING,
    WAITING,
    NOTIF,
    GUEST,
    HYPERCALL,
    FAULTED,
    DOINGS
};

static enum hvm_exit hypercalls(struct cpu *cpu, struct hvm *hvm)
{
    (void)cpu;
    hvm->state->gpr[0] = HYPERCALL_BIT | 1;
    hvm->state->gpr[6] = LABEL;
    hvm->state->gpr[7] = UINT64_MAX;
    return HVM_EXIT_HYPERCALL;
}

static void in_guest(struct thread *thread, uint32_t service, bool waits)
{
    uint32_t vcpu = world_new(OBJECT_TYPE_VCPU, 0, 0), space = world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST);
    uint32_t table = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);
    struct capability cap = world_slot(service)->cap;

    cap.flags = CAP_SEALED;
    cap.rights = RIGHT_CALL;
    cap_install(captab_slot(world_object(table), 1), world_slot(service), &cap);
    CHECK_EQ(world_call(thread, CALL_VCPU_CONFIGURE, vcpu, WORDS(space, table)), OK);
    CHECK_EQ(world_message(thread, CALL_VCPU_RUN, vcpu, 0, UINT64_MAX), OK);
    fake_guest = hypercalls;
    if (waits)
        vcpu_loop(&fake_cpu, thread);
    CHECK_EQ(thread->state, waits ? THREAD_STATE_HYPERCALL : THREAD_STATE_IN_GUEST);
}

static struct thread *doing(enum doing what)
{
    uint32_t client, slot = endpoint(&client), fault_client, fault_slot = endpoint(&fault_client);
    struct thread *thread = world_thread(&(struct recipe){.fault = fault_client}, NULL),
                  *other = world_ready();

    (void)fault_slot;
    thread_ready(&fake_cpu, thread);
    switch (what) {
    case READY:
        break;
    case RUNNING:
        world_run(thread);
        break;
    case QUEUED:
        calls(thread, client, UINT64_MAX);
        break;
    case SERVED:
    case DEFERRED:
        CHECK_EQ(world_message(other, CALL_ENDPOINT_WAIT, slot, 0, UINT64_MAX), OK);
        calls(thread, client, UINT64_MAX);
        if (what == DEFERRED)
            CHECK_EQ(world_call(other, CALL_ENDPOINT_DEFER, slot, WORDS(0)), OK);
        break;
    case SERVING:
        CHECK_EQ(world_message(thread, CALL_ENDPOINT_WAIT, slot, 0, UINT64_MAX), OK);
        calls(other, client, UINT64_MAX);
        break;
    case WAITING:
        CHECK_EQ(world_message(thread, CALL_ENDPOINT_WAIT, slot, 0, fake.tsc + 100), OK);
        break;
    case NOTIF:
        CHECK_EQ(
            world_message(thread, CALL_NOTIF_WAIT, world_new(OBJECT_TYPE_NOTIF, 0, 0), 0, fake.tsc + 100),
            OK);
        break;
    case GUEST:
    case HYPERCALL:
        in_guest(thread, client, what == HYPERCALL);
        break;
    case FAULTED:
        world_run(thread);
        thread->regs.vector = 6;
        (void)fake_enter(entry_trap, false);
        CHECK_EQ(thread->state, THREAD_STATE_FAULTED);
        break;
    case DOINGS:
        break;
    }
    CHECK_WORLD();
    return thread;
}

static void test_thread__stops_whatever_it_does(void)
{
    for (uint32_t what = 0; what < DOINGS; what++) {
        struct thread *thread;

        world_reset();
        thread = doing((enum doing)what);
        thread_stop(&fake_cpu, thread, THREAD_STATE_STOPPED);
        CHECK_EQ(thread->state, THREAD_STATE_STOPPED);
        CHECK(!thread->vcpu && !thread->endpoint && !thread->notif && !thread->callee);
        if (what == QUEUED || what == SERVED || what == DEFERRED || what == WAITING || what == NOTIF ||
            what == GUEST || what == HYPERCALL)
            CHECK_EQ(thread->regs.rax, ERR_CANCELED);
        CHECK_WORLD();
        thread_ready(&fake_cpu, thread);
        CHECK_WORLD();
    }
}

static void test_thread__retires_whatever_it_does(void)
{
    for (uint32_t what = 0; what < DOINGS; what++) {
        struct thread *thread;
        uint32_t number;

        world_reset();
        thread = doing((enum doing)what);
        number = thread->number;
        world_revoke(world_slot(slot_of_object(thread)), true);
        CHECK(!fake_cpu.threads[number] && fake_cpu.current != thread && !thread->timer.link);
        CHECK_WORLD();
        world_time(1000);
        CHECK_WORLD();
    }
}

/* Every part that a thread runs with may be taken away, whatever it does. */
static void test_thread__stops_when_a_part_is_revoked(void)
{
    for (uint32_t what = 0; what < DOINGS; what++) {
        for (uint32_t place = PLACE_SPACE; place <= PLACE_SCHED; place++) {
            struct thread *thread;

            world_reset();
            thread = doing((enum doing)what);
            cap_free(&fake_cpu, &thread->hidden[place]);
            CHECK_EQ(thread->state, THREAD_STATE_STOPPED);
            CHECK(place != PLACE_SPACE || thread->cr3 == FAKE_KERNEL_ROOT);
            CHECK(place != PLACE_CAPTAB || !thread->captab);
            CHECK(place != PLACE_SCHED || (!thread->own && (!thread->sched || thread->lender)));
            CHECK_WORLD();
        }
    }
}

static void test_thread__an_inactive_one_is_not_stopped(void)
{
    struct thread *thread = world_thread(NULL, NULL);

    thread_stop(&fake_cpu, thread, THREAD_STATE_STOPPED);
    CHECK_EQ(thread->state, THREAD_STATE_INACTIVE);
}

static void test_thread__a_switch_changes_space_compartment_and_state(void)
{
    uint32_t space = world_new(OBJECT_TYPE_SPACE, 4, 0);
    struct thread *a = world_thread(&(struct recipe){.fpu = true, .compartment = 1}, NULL);
    struct thread *b = world_thread(&(struct recipe){.compartment = 2, .space = space}, NULL),
                  *c = world_thread(&(struct recipe){.compartment = 2}, NULL);

    a->fs_base = 0x1234;
    thread_switch(&fake_cpu, a);
    CHECK(fake_cpu.current == a && fake.fpu_loaded == &a->fpu && fake.msr_value == 0x1234 &&
          fake.barriers == 1);
    thread_switch(&fake_cpu, b);
    CHECK(!fake.fpu_loaded && fake.barriers == 2 &&
          fake.cr3 == ((struct space *)world_object(space))->root_pa.value && fake.msr_value == 0);
    thread_switch(&fake_cpu, c);
    CHECK_EQ(fake.barriers, 2); /* the same compartment */
}

static void test_thread__configuration_hides_its_parts_in_the_tree(void)
{
    const struct thread *thread =
        world_thread(&(struct recipe){.reserve = true, .notif = world_new(OBJECT_TYPE_NOTIF, 0, 0)}, NULL);

    for (uint32_t place = 0; place < THREAD_PLACES; place++) {
        const struct slot *hidden = &thread->hidden[place];

        if (place == PLACE_FAULT)
            continue;
        CHECK(hidden->cap.flags == CAP_HIDDEN && hidden->cap.space_index == place &&
              hidden->parent->cap.object == hidden->cap.object);
    }
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_thread__a_context_is_lent_down_a_chain);
    RUN_WORLD(test_thread__a_caller_that_goes_takes_its_context_from_the_chain);
    RUN_WORLD(test_thread__passive_servers_stop_without_a_context_and_go_on_with_the_next);
    RUN_WORLD(test_thread__help_is_taken_back_when_another_server_takes_over);
    RUN_WORLD(test_thread__the_reserve_finishes_and_the_caller_owes);
    RUN_WORLD(test_thread__the_reserve_is_kept_when_the_lent_context_is_revoked);
    RUN_WORLD(test_thread__a_caller_that_dies_leaves_a_passive_server_on_its_reserve);
    RUN_WORLD(test_thread__a_caller_without_context_leaves_a_passive_server_on_its_reserve);
    RUN_WORLD(test_thread__a_lost_reserve_is_forgotten);
    RUN_WORLD(test_thread__a_context_does_not_remember_a_dead_server);
    RUN_WORLD(test_thread__a_dead_server_tells_its_caller);
    RUN_WORLD(test_thread__stops_whatever_it_does);
    RUN_WORLD(test_thread__retires_whatever_it_does);
    RUN_WORLD(test_thread__stops_when_a_part_is_revoked);
    RUN_WORLD(test_thread__an_inactive_one_is_not_stopped);
    RUN_WORLD(test_thread__a_switch_changes_space_compartment_and_state);
    RUN_WORLD(test_thread__configuration_hides_its_parts_in_the_tree);
    world_reset();
    return UNIT_RESULT();
}
