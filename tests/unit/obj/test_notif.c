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
    CHECK(b->state == THREAD_STATE_NOTIF_WAITING && notif->queue.head == b);
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
    CHECK(thread->state == THREAD_STATE_READY && thread->regs.rax == ERR_TIMEOUT && !notif->queue.head);
    CHECK_WORLD();
}

static void test_notif__suspension_takes_a_waiter_out_of_the_middle(void)
{
    struct notif *notif = world_notif();
    struct thread *thread[3];

    for (uint32_t i = 0; i < 3; i++)
        waits(thread[i] = world_ready(), notif, UINT64_MAX);
    thread_stop(&fake_cpu, thread[1], THREAD_STATE_STOPPED);
    CHECK(thread[1]->state == THREAD_STATE_STOPPED && thread[1]->regs.rax == ERR_CANCELED);
    CHECK(notif->queue.head == thread[0] && thread[0]->queue_next == thread[2] &&
          notif->queue.tail == thread[2]);
    CHECK_WORLD();
}

static void test_notif__retirement_wakes_all(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct thread *thread[2];

    for (uint32_t i = 0; i < 2; i++)
        waits(thread[i] = world_ready(), world_object(slot), UINT64_MAX);
    world_revoke(world_slot(slot), true);
    for (uint32_t i = 0; i < 2; i++)
        CHECK(thread[i]->state == THREAD_STATE_READY && thread[i]->regs.rax == ERR_RETIRED &&
              !thread[i]->notif);
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

/* From entry.S: straight from the signal to a better thread that waits. */
static struct thread *waiter(uint8_t priority, struct notif *notif)
{
    struct thread *thread = world_thread(&(struct recipe){.priority = priority}, NULL);

    thread_ready(&fake_cpu, thread);
    waits(thread, notif, fake.tsc + 5000);
    return thread;
}

static struct thread *signaller(void)
{
    struct thread *thread = world_ready();

    CHECK(world_schedule() == thread);
    return thread;
}

static void test_notif__a_better_waiter_runs_at_once(void)
{
    struct notif *notif = world_notif();
    struct thread *high = waiter(20, notif), *low = signaller();

    fake.tsc += 300;
    low->resume = RESUME_SYSCALL; /* as entry.S has it */
    CHECK(notif_hand_over(&fake_cpu, notif, 0x6));
    CHECK(fake_cpu.current == high && high->state == THREAD_STATE_READY && high->regs.rbx == 0x6 &&
          notif->bits == 0 && !notif->queue.head);
    CHECK(fake_cpu.sched == high->own && low->own->consumed == 300 && low->state == THREAD_STATE_READY &&
          low->own->queued);
    CHECK_WORLD();
    CHECK(world_schedule() == high);
    fake.tsc += 100;
    CHECK(notif_give_way(&fake_cpu, notif, fake.tsc + 50));
    CHECK(fake_cpu.current == low && high->state == THREAD_STATE_NOTIF_WAITING &&
          high->own->consumed == 100 && !high->own->queued);
    CHECK_WORLD();
    world_time(50);
    CHECK(high->state == THREAD_STATE_READY && high->regs.rax == ERR_TIMEOUT);
    CHECK_WORLD();
}

static bool handed_over(struct notif *notif, uint64_t bits)
{
    const struct thread *current = fake_cpu.current;
    bool done = notif_hand_over(&fake_cpu, notif, bits);

    CHECK(done || (fake_cpu.current == current && notif->queue.head->state == THREAD_STATE_NOTIF_WAITING));
    CHECK_WORLD();
    return done;
}

static void test_notif__a_waiter_that_is_no_better_is_not_switched_to(void)
{
    struct notif *same = world_notif(), *worse = world_notif(), *two = world_notif(),
                 *nothing = world_notif();

    (void)waiter(10, same);
    (void)waiter(5, worse);
    (void)waiter(20, two);
    (void)waiter(20, two);
    (void)waiter(20, nothing);
    (void)signaller();
    CHECK(!handed_over(same, 1));
    CHECK(!handed_over(worse, 1));
    CHECK(!handed_over(two, 1)); /* the others' order is the queue's business */
    CHECK(!handed_over(nothing, 0));
}

static void test_notif__a_waiter_without_budget_is_not_switched_to(void)
{
    struct notif *notif = world_notif();
    struct thread *high = waiter(20, notif), *low = signaller();

    high->own->exhausted = true;
    timer_arm(&fake_cpu, &high->own->timer, fake.tsc + 100);
    CHECK(!handed_over(notif, 1));
    high->own->exhausted = false;
    timer_disarm(&fake_cpu, &high->own->timer);
    high->own->start = fake.tsc - WORLD_PERIOD; /* its next budget is due: the scheduler gives it */
    CHECK(!handed_over(notif, 1));
    high->own->start = fake.tsc;
    fake.tsc += low->own->remaining; /* the signaller has none left to charge */
    CHECK(!handed_over(notif, 1));
}

static void test_notif__gives_way_only_where_it_is_simple(void)
{
    struct notif *notif = world_notif(), *taken = world_notif();
    struct thread *low, *high, *peer;

    (void)waiter(5, taken);
    low = world_ready();
    high = world_thread(&(struct recipe){.priority = 20}, NULL);
    thread_ready(&fake_cpu, high);
    CHECK(world_schedule() == high);
    low->resume = RESUME_SYSCALL;
    CHECK(!notif_give_way(&fake_cpu, notif, 0));
    CHECK(!notif_give_way(&fake_cpu, taken, UINT64_MAX));
    peer = world_thread(&(struct recipe){.priority = 20}, NULL);
    thread_ready(&fake_cpu, peer);
    CHECK(!notif_give_way(&fake_cpu, notif, UINT64_MAX)); /* one of its own priority waits */
    thread_block(&fake_cpu, peer, THREAD_STATE_STOPPED);
    low->resume = RESUME_IRET;
    CHECK(!notif_give_way(&fake_cpu, notif, UINT64_MAX)); /* it was interrupted: all its registers count */
    thread_block(&fake_cpu, low, THREAD_STATE_STOPPED);
    CHECK(!notif_give_way(&fake_cpu, notif, UINT64_MAX)); /* nobody else */
    CHECK(fake_cpu.current == high && high->state == THREAD_STATE_READY);
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
    RUN_WORLD(test_notif__a_better_waiter_runs_at_once);
    RUN_WORLD(test_notif__a_waiter_that_is_no_better_is_not_switched_to);
    RUN_WORLD(test_notif__a_waiter_without_budget_is_not_switched_to);
    RUN_WORLD(test_notif__gives_way_only_where_it_is_simple);
    world_reset();
    return UNIT_RESULT();
}
