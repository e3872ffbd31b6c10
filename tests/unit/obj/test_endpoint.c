/* kernel/obj/endpoint.c: call, reply, defer, resume; who is told when the other end goes. */
#include "unit.h"
#include "world.h"

enum { INTERFACE = 16, BADGE = 77 };
#define LABEL label_make(INTERFACE, 3, 2)

static uint32_t endpoint_slot, client_slot;

static struct endpoint *fresh(void)
{
    endpoint_slot = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);
    client_slot = world_copy(endpoint_slot, UINT8_MAX, 0, INTERFACE, UINT32_MAX, BADGE);
    return world_object(endpoint_slot);
}

static void server_waits(struct thread *server)
{
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, endpoint_slot, 0, UINT64_MAX), OK);
}

static void client_calls(struct thread *client, uint64_t deadline)
{
    client->regs.rbx = 0x11;
    client->regs.rbp = 0x22;
    client->regs.r12 = 0x33; /* beyond the length */
    CHECK_EQ(world_message(client, CALL_ENDPOINT_CALL, client_slot, LABEL, deadline), OK);
}

static void server_replies(struct thread *server, uint64_t word)
{
    server->regs.rbx = word;
    (void)world_message(server, CALL_ENDPOINT_REPLY_WAIT, endpoint_slot, label_reply(ERR_DENIED, 1),
                        UINT64_MAX);
}

static void test_endpoint__a_call_reaches_a_waiting_server(void)
{
    const struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *client = world_ready();

    server_waits(server);
    CHECK(endpoint->server == server && server->state == THREAD_STATE_WAITING);
    client_calls(client, UINT64_MAX);
    CHECK(server->state == THREAD_STATE_READY && server->caller == client && client->callee == server);
    CHECK(server->regs.rax == OK && server->regs.rsi == LABEL && server->regs.rdi == BADGE);
    CHECK(server->regs.rbx == 0x11 && server->regs.rbp == 0x22 && server->regs.r12 == 0 &&
          server->regs.r10 == 0);
    CHECK(server->sched == client->own && client->own->holder == server); /* lent */
    CHECK_WORLD();
}

static void test_endpoint__a_reply_reaches_the_caller(void)
{
    const struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *client = world_ready();

    server_waits(server);
    client_calls(client, UINT64_MAX);
    server->regs.rbp = 0xbad; /* beyond the length */
    server_replies(server, 0x99);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rax == OK && client->regs.rbx == 0x99 &&
          client->regs.rbp == 0);
    CHECK_EQ(label_status(client->regs.rsi), ERR_DENIED);
    CHECK(client->sched == client->own && client->own->holder == client && server->sched == server->own &&
          !server->lender && !client->callee);
    CHECK(endpoint->server == server);
    CHECK_WORLD();
}

static void test_endpoint__callers_queue_in_order(void)
{
    const struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *client[3];

    for (uint32_t i = 0; i < 3; i++) {
        client[i] = world_ready();
        client_calls(client[i], UINT64_MAX);
    }
    CHECK(endpoint->queue.head == client[0] && endpoint->queue.tail == client[2]);
    CHECK_WORLD();
    server_waits(server);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(server->caller == client[i]);
        server_replies(server, i);
        CHECK_EQ(client[i]->regs.rbx, i);
    }
    CHECK(endpoint->server == server && !endpoint->queue.head);
    CHECK_WORLD();
}

static void test_endpoint__a_call_times_out_in_the_queue_and_in_service(void)
{
    struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *client = world_ready();

    client_calls(client, fake.tsc + 100);
    world_time(99);
    CHECK_EQ(client->state, THREAD_STATE_CALLING);
    world_time(1);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rax == ERR_TIMEOUT && !endpoint->queue.head);
    server_waits(server);
    client_calls(client, fake.tsc + 100);
    world_time(100);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rax == ERR_TIMEOUT && !server->caller &&
          server->sched == server->own);
    CHECK(client->regs.rbx == 0 && client->regs.rsi == 0);
    CHECK_WORLD();
}

static void test_endpoint__a_late_reply_is_dropped(void)
{
    const struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *client = world_ready();

    server_waits(server);
    client_calls(client, fake.tsc + 100);
    world_time(100);
    client->regs.rbx = 0x55;
    server_replies(server, 0x99);
    CHECK(client->regs.rbx == 0x55 && client->regs.rax == ERR_TIMEOUT);
    CHECK(endpoint->server == server);
    CHECK_WORLD();
}

static void test_endpoint__a_timer_of_an_earlier_wait_ends_no_later_one(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *client = world_ready();

    server_waits(server);
    client_calls(client, fake.tsc + 100);
    server_replies(server, 1);
    client_calls(client, fake.tsc + 5000);
    world_time(200);
    CHECK_EQ(client->state, THREAD_STATE_CALLING);
    world_time(5000);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rax == ERR_TIMEOUT);
    CHECK_WORLD();
}

static void test_endpoint__a_server_that_waits_again_leaves_its_caller(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *client = world_ready();

    server_waits(server);
    client_calls(client, UINT64_MAX);
    server_waits(server);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rax == ERR_PEER &&
          server->sched == server->own);
    CHECK_WORLD();
}

static void test_endpoint__one_thread_serves(void)
{
    struct endpoint *endpoint = fresh();
    struct thread *server = world_ready(), *other = world_ready(), *client = world_ready();

    server_waits(server);
    CHECK_EQ(world_message(other, CALL_ENDPOINT_WAIT, endpoint_slot, 0, UINT64_MAX), ERR_BUSY);
    CHECK(endpoint->server == server);
    client_calls(client, UINT64_MAX);
    CHECK(server->caller == client && !endpoint->server);
    CHECK_EQ(world_message(other, CALL_ENDPOINT_WAIT, endpoint_slot, 0, UINT64_MAX),
             ERR_BUSY); /* nor while it serves */
    CHECK_WORLD();
    thread_stop(&fake_cpu, server, THREAD_STATE_STOPPED);
    CHECK_EQ(world_message(other, CALL_ENDPOINT_WAIT, endpoint_slot, 0, UINT64_MAX), OK); /* takes over */
    CHECK(endpoint->server == other && endpoint->owner == other && !server->owns);
    CHECK_WORLD();
}

static void test_endpoint__a_server_cannot_call_itself(void)
{
    (void)fresh();
    struct thread *server = world_ready();

    server_waits(server);
    thread_wake(&fake_cpu, server, ERR_CANCELED);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_CALL, client_slot, LABEL, UINT64_MAX), ERR_STATE);
    CHECK_EQ(server->state, THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_endpoint__a_wait_ends_by_deadline(void)
{
    const struct endpoint *endpoint = fresh();
    struct thread *server = world_ready();

    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, endpoint_slot, 0, 0), ERR_TIMEOUT);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, endpoint_slot, 0, fake.tsc + 50), OK);
    world_time(50);
    CHECK(server->regs.rax == ERR_TIMEOUT && !endpoint->server && server->state == THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_endpoint__a_debtor_is_refused_where_the_server_has_a_reserve(void)
{
    (void)fresh();
    struct thread *server = world_thread(&(struct recipe){.reserve = true}, NULL), *client = world_ready();

    thread_ready(&fake_cpu, server);
    server_waits(server);
    client->own->debt = 1;
    CHECK_EQ(world_message(client, CALL_ENDPOINT_CALL, client_slot, LABEL, UINT64_MAX), ERR_DEBT);
    CHECK_EQ(client->state, THREAD_STATE_READY);
    client->own->debt = 0;
    client_calls(client, UINT64_MAX);
    CHECK(server->caller == client);
    CHECK_WORLD();
}

static uint64_t defer(struct thread *server)
{
    CHECK_EQ(world_call(server, CALL_ENDPOINT_DEFER, endpoint_slot, WORDS(0)), OK);
    return server->regs.rbx;
}

static void test_endpoint__a_deferred_caller_is_answered_by_its_token(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *client = world_ready(), *second = world_ready();
    uint64_t token;

    server_waits(server);
    client_calls(client, UINT64_MAX);
    token = defer(server);
    CHECK(!server->caller && server->sched == server->own && client->state == THREAD_STATE_CALLING);
    CHECK_WORLD();
    server_waits(server);
    client_calls(second, UINT64_MAX);
    CHECK(server->caller == second); /* the service goes on meanwhile */
    server->regs.rbx = 0x42;
    CHECK_EQ(world_message(server, CALL_ENDPOINT_RESUME, endpoint_slot, label_reply(OK, 1), token), OK);
    CHECK(client->state == THREAD_STATE_READY && client->regs.rbx == 0x42 && client->regs.rax == OK);
    CHECK(server->caller == second && second->callee == server);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_RESUME, endpoint_slot, label_reply(OK, 1), token), ERR_PEER);
    CHECK_WORLD();
}

static void test_endpoint__a_token_does_not_outlive_its_caller(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *client = world_ready();
    uint64_t token, next;

    server_waits(server);
    client_calls(client, fake.tsc + 100);
    token = defer(server);
    world_time(100);
    CHECK_EQ(client->regs.rax, ERR_TIMEOUT);
    server_waits(server);
    client_calls(client, UINT64_MAX); /* the same caller, in the same place */
    next = defer(server);
    CHECK(next != token && (next & 0xff) == (token & 0xff));
    CHECK_EQ(world_message(server, CALL_ENDPOINT_RESUME, endpoint_slot, label_reply(OK, 0), token), ERR_PEER);
    CHECK_EQ(client->state, THREAD_STATE_CALLING);
    CHECK_EQ(world_message(server, CALL_ENDPOINT_RESUME, endpoint_slot, label_reply(OK, 0), next), OK);
    CHECK_WORLD();
}

static void test_endpoint__defers_so_many(void)
{
    (void)fresh();
    struct thread *server = world_ready();

    for (uint32_t i = 0; i <= ENDPOINT_PLACES; i++) {
        server_waits(server);
        client_calls(world_ready(), UINT64_MAX);
        CHECK_EQ(world_call(server, CALL_ENDPOINT_DEFER, endpoint_slot, WORDS(0)),
                 i < ENDPOINT_PLACES ? OK : ERR_LIMIT);
    }
    CHECK_WORLD();
}

static void test_endpoint__nobody_is_deferred_where_nobody_calls(void)
{
    (void)fresh();
    struct thread *server = world_ready();

    CHECK_EQ(world_message(server, CALL_ENDPOINT_WAIT, endpoint_slot, 0, 0),
             ERR_TIMEOUT); /* it is the server from here on */
    CHECK_EQ(world_call(server, CALL_ENDPOINT_DEFER, endpoint_slot, WORDS(0)), ERR_STATE);
    CHECK_WORLD();
}

static void test_endpoint__only_its_server_defers_a_caller(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *client = world_ready();
    uint32_t other = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);

    server_waits(server);
    client_calls(client, UINT64_MAX);
    CHECK_EQ(world_call(server, CALL_ENDPOINT_DEFER, other, WORDS(0)), ERR_STATE);
    CHECK(server->caller == client);
    CHECK_WORLD();
}

static void test_endpoint__a_bound_notification_ends_the_wait(void)
{
    (void)fresh();
    uint32_t slot = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct notif *notif = world_object(slot);
    struct thread *server = world_thread(&(struct recipe){.notif = slot}, NULL);

    thread_ready(&fake_cpu, server);
    server_waits(server);
    notif_signal(&fake_cpu, notif, 0x5);
    CHECK(server->state == THREAD_STATE_READY && server->regs.rax == OK &&
          server->regs.rsi == label_make(INTERFACE_NOTIFICATION, 0, 1));
    CHECK(server->regs.rbx == 0x5 && server->regs.rdi == 0 && notif->bits == 0 && !server->caller);
    notif_signal(&fake_cpu, notif, 0x2); /* while it is busy */
    server_waits(server);
    CHECK(server->state == THREAD_STATE_READY && server->regs.rbx == 0x2 && notif->bits == 0);
    CHECK_WORLD();
}

static void test_endpoint__retirement_tells_everyone(void)
{
    (void)fresh();
    struct thread *server = world_ready(), *deferred = world_ready(), *served = world_ready(),
                  *queued = world_ready();

    server_waits(server);
    client_calls(deferred, UINT64_MAX);
    (void)defer(server);
    server_waits(server);
    client_calls(served, UINT64_MAX);
    client_calls(queued, UINT64_MAX);
    world_revoke(world_slot(endpoint_slot), true);
    CHECK(deferred->state == THREAD_STATE_READY && deferred->regs.rax == ERR_PEER);
    CHECK(queued->state == THREAD_STATE_READY && queued->regs.rax == ERR_PEER);
    CHECK(!server->owns && server->caller == served); /* who is being served may still be answered */
    CHECK_WORLD();
    endpoint_reply(&fake_cpu, server, label_reply(OK, 0));
    CHECK_EQ(served->state, THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_endpoint__retirement_ends_the_servers_wait(void)
{
    (void)fresh();
    struct thread *server = world_ready();

    server_waits(server);
    world_revoke(world_slot(endpoint_slot), true);
    CHECK(server->state == THREAD_STATE_READY && server->regs.rax == ERR_RETIRED && !server->endpoint);
    CHECK_WORLD();
}

static struct thread *faulting(struct thread **server)
{
    struct thread *thread;

    (void)fresh();
    *server = world_ready();
    server_waits(*server);
    thread = world_thread(&(struct recipe){.fault = client_slot}, NULL);
    thread_ready(&fake_cpu, thread);
    world_run(thread);
    thread->regs.vector = VECTOR_PF;
    thread->regs.rip = 0x1234;
    thread->regs.error = 6;
    fake.cr2 = 0xdead000;
    (void)fake_enter(entry_trap, false);
    return thread;
}

static void test_endpoint__a_fault_is_a_call(void)
{
    struct thread *server, *thread = faulting(&server);

    CHECK(thread->state == THREAD_STATE_FAULTED && server->caller == thread && server->regs.rdi == BADGE);
    CHECK_EQ(server->regs.rsi, label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6));
    CHECK(server->regs.rbx == VECTOR_PF && server->regs.rbp == 6 && server->regs.r12 == 0x1234 &&
          server->regs.r13 == 0xdead000);
    CHECK_WORLD();
    endpoint_reply(&fake_cpu, server, label_reply(OK, 0));
    CHECK(thread->state == THREAD_STATE_READY && thread->regs.rip == 0x1234 && thread->resume == RESUME_IRET);
    CHECK_WORLD();
}

static void test_endpoint__a_fault_answered_with_an_error_leaves_it_stopped(void)
{
    struct thread *server, *thread = faulting(&server);

    endpoint_reply(&fake_cpu, server, label_reply(ERR_DENIED, 0));
    CHECK_EQ(thread->state, THREAD_STATE_STOPPED);
    CHECK_WORLD();
}

static void test_endpoint__a_fault_without_anyone_to_tell_stops_the_thread(void)
{
    struct thread *thread = world_ready();

    world_run(thread);
    thread->regs.vector = 13;
    (void)fake_enter(entry_trap, false);
    CHECK_EQ(thread->state, THREAD_STATE_STOPPED);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_endpoint__a_call_reaches_a_waiting_server);
    RUN_WORLD(test_endpoint__a_reply_reaches_the_caller);
    RUN_WORLD(test_endpoint__callers_queue_in_order);
    RUN_WORLD(test_endpoint__a_call_times_out_in_the_queue_and_in_service);
    RUN_WORLD(test_endpoint__a_late_reply_is_dropped);
    RUN_WORLD(test_endpoint__a_timer_of_an_earlier_wait_ends_no_later_one);
    RUN_WORLD(test_endpoint__a_server_that_waits_again_leaves_its_caller);
    RUN_WORLD(test_endpoint__one_thread_serves);
    RUN_WORLD(test_endpoint__a_server_cannot_call_itself);
    RUN_WORLD(test_endpoint__a_wait_ends_by_deadline);
    RUN_WORLD(test_endpoint__a_debtor_is_refused_where_the_server_has_a_reserve);
    RUN_WORLD(test_endpoint__a_deferred_caller_is_answered_by_its_token);
    RUN_WORLD(test_endpoint__a_token_does_not_outlive_its_caller);
    RUN_WORLD(test_endpoint__defers_so_many);
    RUN_WORLD(test_endpoint__nobody_is_deferred_where_nobody_calls);
    RUN_WORLD(test_endpoint__only_its_server_defers_a_caller);
    RUN_WORLD(test_endpoint__a_bound_notification_ends_the_wait);
    RUN_WORLD(test_endpoint__retirement_tells_everyone);
    RUN_WORLD(test_endpoint__retirement_ends_the_servers_wait);
    RUN_WORLD(test_endpoint__a_fault_is_a_call);
    RUN_WORLD(test_endpoint__a_fault_answered_with_an_error_leaves_it_stopped);
    RUN_WORLD(test_endpoint__a_fault_without_anyone_to_tell_stops_the_thread);
    world_reset();
    return UNIT_RESULT();
}
