/* kernel/obj/notif.c */
#include "unit.h"
#include "world.h"

static void waits(struct thread *thread, struct notif *notif, uint64_t deadline)
{
    world_run(thread);
    notif_wait(&fake_cpu, notif, thread, deadline);
}

static void test_notif__bits_gather_until_taken(void)
{
    struct notif *notif = world_notif();
    struct thread *thread = world_ready();

    notif_signal(&fake_cpu, notif, 1);
    notif_signal(&fake_cpu, notif, 4);
    waits(thread, notif, 0);
    CHECK(thread->regs.rbx == 5 && notif->bits == 0 && thread->state == THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_notif__a_signal_wakes_the_first_that_waits(void)
{
    struct notif *notif = world_notif();
    struct thread *a = world_ready(), *b = world_ready();

    waits(a, notif, UINT64_MAX);
    waits(b, notif, UINT64_MAX);
    CHECK_WORLD();
    notif_signal(&fake_cpu, notif, 0x80);
    CHECK(a->state == THREAD_STATE_READY && a->regs.rax == OK && a->regs.rbx == 0x80 && notif->bits == 0);
    CHECK(b->state == THREAD_STATE_NOTIF_WAITING && notif->head == b);
    CHECK_WORLD();
}

static void test_notif__no_bits_wake_nobody(void)
{
    struct notif *notif = world_notif();
    struct thread *thread = world_ready();

    waits(thread, notif, UINT64_MAX);
    notif_signal(&fake_cpu, notif, 0);
    CHECK_EQ(thread->state, THREAD_STATE_NOTIF_WAITING);
}

static void test_notif__a_wait_ends_by_deadline(void)
{
    struct notif *notif = world_notif();
    struct thread *thread = world_ready();

    waits(thread, notif, fake.tsc + 10);
    world_time(10);
    CHECK(thread->state == THREAD_STATE_READY && thread->regs.rax == ERR_TIMEOUT && !notif->head);
    CHECK_WORLD();
}

static void test_notif__suspension_takes_a_waiter_out_of_the_middle(void)
{
    struct notif *notif = world_notif();
    struct thread *thread[3];

    for (uint32_t i = 0; i < 3; i++) waits(thread[i] = world_ready(), notif, UINT64_MAX);
    thread_stop(&fake_cpu, thread[1], THREAD_STATE_STOPPED);
    CHECK(thread[1]->state == THREAD_STATE_STOPPED && thread[1]->regs.rax == ERR_CANCELED);
    CHECK(notif->head == thread[0] && thread[0]->queue_next == thread[2] && notif->tail == thread[2]);
    CHECK_WORLD();
}

static void test_notif__retirement_wakes_all(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct thread *thread[2];

    for (uint32_t i = 0; i < 2; i++) waits(thread[i] = world_ready(), world_object(slot), UINT64_MAX);
    world_revoke(world_slot(slot), true);
    for (uint32_t i = 0; i < 2; i++) CHECK(thread[i]->state == THREAD_STATE_READY && thread[i]->regs.rax == ERR_RETIRED && !thread[i]->notif);
    CHECK_WORLD();
}

static void test_notif__retirement_unbinds(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct thread *thread = world_thread(&(struct recipe){.notif = slot}, NULL);

    thread_ready(&fake_cpu, thread);
    world_revoke(world_slot(slot), true);
    CHECK(!thread->bound && thread->state == THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_notif__a_bound_thread_that_runs_is_left_alone(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct notif *notif = world_object(slot);
    struct thread *thread = world_thread(&(struct recipe){.notif = slot}, NULL);

    thread_ready(&fake_cpu, thread);
    thread->regs.rbx = 0x77;
    notif_signal(&fake_cpu, notif, 1);
    CHECK(thread->regs.rbx == 0x77 && notif->bits == 1);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_notif__bits_gather_until_taken);
    RUN_WORLD(test_notif__a_signal_wakes_the_first_that_waits);
    RUN_WORLD(test_notif__no_bits_wake_nobody);
    RUN_WORLD(test_notif__a_wait_ends_by_deadline);
    RUN_WORLD(test_notif__suspension_takes_a_waiter_out_of_the_middle);
    RUN_WORLD(test_notif__retirement_wakes_all);
    RUN_WORLD(test_notif__retirement_unbinds);
    RUN_WORLD(test_notif__a_bound_thread_that_runs_is_left_alone);
    world_reset();
    return UNIT_RESULT();
}
