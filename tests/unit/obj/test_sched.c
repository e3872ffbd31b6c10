/* kernel/obj/sched.c: queues, budgets, replenishment, debt. */
#include "unit.h"
#include "world.h"

static struct thread *ready(uint8_t priority)
{
    struct thread *thread = world_thread(&(struct recipe){.priority = priority}, NULL);

    thread_ready(&fake_cpu, thread);
    return thread;
}

static void test_sched__the_highest_priority_runs(void)
{
    struct thread *low = ready(0), *high = ready(63), *middle = ready(30);

    CHECK(world_schedule() == high);
    thread_block(&fake_cpu, high, THREAD_STATE_STOPPED);
    CHECK(world_schedule() == middle);
    thread_block(&fake_cpu, middle, THREAD_STATE_STOPPED);
    CHECK(world_schedule() == low);
    thread_block(&fake_cpu, low, THREAD_STATE_STOPPED);
    CHECK(!world_schedule());
    CHECK_EQ(fake_cpu.ready_mask, 0);
    CHECK_WORLD();
}

static void test_sched__equal_priorities_take_turns_by_budget(void)
{
    struct thread *a = ready(10), *b = ready(10), *c = ready(10);

    CHECK(world_schedule() == a);
    fake.tsc += WORLD_BUDGET;
    CHECK(world_schedule() == b);
    fake.tsc += WORLD_BUDGET;
    CHECK(world_schedule() == c);
    fake.tsc += WORLD_BUDGET;
    CHECK(!world_schedule()); /* all have used theirs */
    CHECK_WORLD();
    world_time(WORLD_PERIOD);
    CHECK(world_schedule() == a);
    CHECK_WORLD();
}

static void test_sched__a_better_one_asks_for_the_processor(void)
{
    struct thread *low = ready(5), *same = world_thread(&(struct recipe){.priority = 5}, NULL),
                  *high = world_thread(&(struct recipe){.priority = 6}, NULL);

    CHECK(world_schedule() == low);
    thread_ready(&fake_cpu, same);
    CHECK(!fake_cpu.reschedule);
    thread_ready(&fake_cpu, high);
    CHECK(fake_cpu.reschedule);
    CHECK(world_schedule() == high);
}

static void test_sched__charges_what_was_used(void)
{
    struct thread *thread = ready(10);

    (void)world_schedule();
    fake.tsc += 700;
    sched_charge(&fake_cpu, fake.tsc);
    CHECK_EQ(thread->own->consumed, 700);
    CHECK_EQ(thread->own->remaining, WORLD_BUDGET - 700);
    sched_charge(&fake_cpu, fake.tsc); /* not twice */
    CHECK_EQ(thread->own->consumed, 700);
}

static void test_sched__an_exhausted_context_waits_for_its_period(void)
{
    struct thread *thread = ready(10);

    (void)world_schedule();
    fake.tsc += WORLD_BUDGET + 5000; /* it ran over: interrupts were off */
    CHECK(!world_schedule());
    CHECK(thread->own->exhausted && thread->own->timer.link &&
          thread->own->timer.when == thread->own->start + WORLD_PERIOD);
    thread_ready(&fake_cpu, thread);
    CHECK(!thread->own->queued); /* not before */
    world_time(WORLD_PERIOD - WORLD_BUDGET - 5000 - 1);
    CHECK(!world_schedule());
    world_time(1);
    CHECK(world_schedule() == thread);
    CHECK_EQ(thread->own->remaining, WORLD_BUDGET);
    CHECK_WORLD();
}

static void test_sched__a_budget_that_ends_with_its_period_goes_on_behind_the_others(void)
{
    struct thread *a = ready(10), *b = ready(10);

    (void)world_schedule();
    fake.tsc += WORLD_PERIOD;
    CHECK(world_schedule() == b);
    CHECK(!a->own->exhausted && a->own->queued && a->own->remaining == WORLD_BUDGET);
    CHECK_WORLD();
}

static void test_sched__a_new_period_refills_a_waiting_context(void)
{
    struct thread *a = ready(10);

    (void)world_schedule();
    fake.tsc += WORLD_BUDGET / 2;
    thread_block(&fake_cpu, a, THREAD_STATE_STOPPED);
    CHECK(!world_schedule());
    fake.tsc += WORLD_PERIOD;
    thread_ready(&fake_cpu, a);
    CHECK(world_schedule() == a);
    CHECK_EQ(a->own->remaining, WORLD_BUDGET);
    CHECK_EQ(a->own->start, fake.tsc);
}

static void test_sched__the_timer_is_set_for_the_end_of_the_budget(void)
{
    (void)ready(10);
    (void)world_schedule();
    CHECK_EQ(fake.deadline, fake.tsc + WORLD_BUDGET);
}

static void test_sched__debt_is_paid_from_the_next_budgets(void)
{
    struct thread *a = ready(10);

    a->own->debt = WORLD_BUDGET + WORLD_BUDGET / 2;
    (void)world_schedule();
    fake.tsc += WORLD_BUDGET;
    CHECK(!world_schedule());
    world_time(WORLD_PERIOD); /* all of this budget is owed */
    CHECK(!world_schedule());
    CHECK_EQ(a->own->debt, WORLD_BUDGET / 2);
    CHECK_WORLD();
    world_time(WORLD_PERIOD);
    CHECK(world_schedule() == a);
    CHECK_EQ(a->own->debt, 0);
    CHECK_EQ(a->own->remaining, WORLD_BUDGET / 2);
}

/* A context at the head of its queue whose new budget is owed must not run, and must not hold the others up. */
static void test_sched__debt_is_paid_before_a_waiting_context_runs(void)
{
    struct thread *debtor = ready(10), *other = ready(10);

    debtor->own->debt = WORLD_BUDGET;
    fake.tsc += WORLD_PERIOD;
    CHECK(world_schedule() == other);
    CHECK(debtor->own->exhausted && !debtor->own->queued && debtor->own->timer.link &&
          debtor->own->debt == 0);
    CHECK_WORLD();
}

static void test_sched__an_unconfigured_context_never_runs(void)
{
    struct sched *raw = world_object(world_new(OBJECT_TYPE_SCHED, 0, 0));

    sched_enqueue(&fake_cpu, raw);
    CHECK(!raw->queued && fake_cpu.ready_mask == 0);
}

static void test_sched__queued_once(void)
{
    struct thread *a = ready(10), *b = ready(10);

    sched_enqueue(&fake_cpu, a->own);
    sched_enqueue(&fake_cpu, a->own);
    CHECK_WORLD();
    sched_dequeue(&fake_cpu, a->own);
    sched_dequeue(&fake_cpu, a->own);
    CHECK(world_schedule() == b);
    thread_block(&fake_cpu, a, THREAD_STATE_STOPPED);
    CHECK_WORLD();
}

static void test_sched__a_retired_context_is_forgotten(void)
{
    struct thread *a = ready(10);
    struct thread *server = world_thread(&(struct recipe){.reserve = true}, NULL);
    uint32_t slot = 0, admitted = fake_cpu.scheds;

    for (uint32_t i = 1; i < world.next; i++)
        if (world_slot(i)->cap.type == OBJECT_TYPE_SCHED && world_object(i) == a->own)
            slot = i;
    (void)world_schedule();
    fake.tsc += WORLD_BUDGET;
    CHECK(!world_schedule()); /* exhausted: its timer runs */
    server->sched = server->reserve;
    server->debtor = a->own;
    world_revoke(world_slot(slot), true);
    CHECK(!a->own && !a->sched && a->state == THREAD_STATE_STOPPED && !server->debtor);
    CHECK(!fake_cpu.timers && !fake_cpu.sched && fake_cpu.scheds == admitted - 1);
    server->sched = server->own;
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_sched__the_highest_priority_runs);
    RUN_WORLD(test_sched__equal_priorities_take_turns_by_budget);
    RUN_WORLD(test_sched__a_better_one_asks_for_the_processor);
    RUN_WORLD(test_sched__charges_what_was_used);
    RUN_WORLD(test_sched__an_exhausted_context_waits_for_its_period);
    RUN_WORLD(test_sched__a_budget_that_ends_with_its_period_goes_on_behind_the_others);
    RUN_WORLD(test_sched__a_new_period_refills_a_waiting_context);
    RUN_WORLD(test_sched__the_timer_is_set_for_the_end_of_the_budget);
    RUN_WORLD(test_sched__debt_is_paid_from_the_next_budgets);
    RUN_WORLD(test_sched__debt_is_paid_before_a_waiting_context_runs);
    RUN_WORLD(test_sched__an_unconfigured_context_never_runs);
    RUN_WORLD(test_sched__queued_once);
    RUN_WORLD(test_sched__a_retired_context_is_forgotten);
    world_reset();
    return UNIT_RESULT();
}
