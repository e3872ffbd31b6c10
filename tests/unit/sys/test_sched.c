/* kernel/sys/sys_sched.c */
#include "unit.h"
#include "world.h"

/* sched_configure's words: control, budget, period, priority, processor */
#define CONFIGURE(slot, ...) CALL(CALL_SCHED_CONFIGURE, slot, SLOT_CONTROL, __VA_ARGS__)
#define CONFIGURE_REFUSED(error, slot, ...) \
    REFUSED(error, CALL_SCHED_CONFIGURE, slot, SLOT_CONTROL, __VA_ARGS__)

static uint32_t fresh(void)
{
    return world_new(OBJECT_TYPE_SCHED, 0, 0);
}

static void test_sched__configure_admits_once(void)
{
    uint32_t slot = fresh(), admitted = (world_self(), fake_cpu.scheds);
    const struct sched *sched = world_object(slot);

    CHECK_EQ(CONFIGURE(slot, 20000, 50000, 63, 0), OK);
    CHECK(sched->configured && sched->budget == 20000 && sched->remaining == 20000 &&
          sched->period == 50000 && sched->priority == 63);
    CHECK_EQ(sched->start, fake.tsc);
    CHECK_EQ(fake_cpu.scheds, admitted + 1);
    CONFIGURE_REFUSED(ERR_STATE, slot, 20000, 50000, 63, 0);
    world_revoke(world_slot(slot), true);
    CHECK_EQ(fake_cpu.scheds, admitted);
}

static void test_sched__configure_needs_control(void)
{
    uint32_t slot = fresh(), weak = world_copy(SLOT_CONTROL, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0);

    REFUSED(ERR_RIGHTS, CALL_SCHED_CONFIGURE, slot, weak, 20000, 50000, 10, 0);
    REFUSED(ERR_TYPE, CALL_SCHED_CONFIGURE, slot, SLOT_SPACE, 20000, 50000, 10, 0);
    REFUSED(ERR_SLOT, CALL_SCHED_CONFIGURE, slot, 0, 20000, 50000, 10, 0);
}

static void test_sched__configure_refuses_bad_words(void)
{
    uint32_t slot = fresh();

    REFUSED_UNUSED(CALL_SCHED_CONFIGURE, slot);
    CONFIGURE_REFUSED(ERR_ARGUMENT, slot, 20000, 50000, 64, 0);
    REFUSED_UNUSED(CALL_SCHED_INFO, slot);
    REFUSED_UNUSED(CALL_SCHED_YIELD, slot);
}

static void test_sched__configure_refuses_other_processors(void)
{
    CONFIGURE_REFUSED(ERR_RANGE, fresh(), 20000, 50000, 10, 1);
}

static void test_sched__configure_refuses_budgets_out_of_range(void)
{
    uint32_t slot = fresh();

    CONFIGURE_REFUSED(ERR_RANGE, slot, 9999, 50000, 10, 0);
    CONFIGURE_REFUSED(ERR_RANGE, slot, 0, 0, 10, 0);
    CONFIGURE_REFUSED(ERR_RANGE, slot, 50001, 50000, 10, 0);
    CONFIGURE_REFUSED(ERR_RANGE, slot, 20000, (1ull << 40) + 1, 10, 0);
    CONFIGURE_REFUSED(ERR_RANGE, slot, UINT64_MAX, UINT64_MAX, 10, 0);
    CHECK_EQ(CONFIGURE(slot, 10000, 10000, 0, 0), OK);
    CHECK_EQ(CONFIGURE(fresh(), 1ull << 40, 1ull << 40, 0, 0), OK);
}

static void test_sched__configure_admits_so_many(void)
{
    (void)world_self();
    while (fake_cpu.scheds < SCHEDS_MAX - 1)
        (void)world_sched(10);
    CHECK_EQ(CONFIGURE(fresh(), 20000, 50000, 10, 0), OK);
    CONFIGURE_REFUSED(ERR_LIMIT, fresh(), 20000, 50000, 10, 0);
}

static void test_sched__info_tells_what_was_used(void)
{
    struct thread *self = world_self();
    uint32_t slot = world.next - 1; /* its context was made last */

    self->own->debt = 5;
    fake.tsc += 300;
    CHECK_EQ(CALL(CALL_SCHED_INFO, slot, 0), OK);
    CHECK_EQ(self->regs.rbx, 300);
    CHECK_EQ(self->regs.rbp, WORLD_BUDGET - 300);
    CHECK_EQ(self->regs.r12, 5);
}

static void test_sched__yield_gives_the_rest_up(void)
{
    struct thread *self = world_self();
    uint32_t slot = world.next - 1;

    CHECK_EQ(CALL(CALL_SCHED_YIELD, slot, 0), OK);
    CHECK(self->own->exhausted && !self->own->queued && fake_cpu.reschedule);
    CHECK(world_schedule() == NULL);
    world_time(WORLD_PERIOD);
    CHECK(world_schedule() == self);
    CHECK_EQ(self->own->remaining, WORLD_BUDGET);
    CHECK_WORLD();
}

static void test_sched__yield_refuses_a_context_that_does_not_run(void)
{
    uint32_t slot;

    (void)world_self();
    (void)world_sched(10);
    slot = world.next - 1;
    REFUSED(ERR_STATE, CALL_SCHED_YIELD, slot, 0);
}

int main(void)
{
    RUN_WORLD(test_sched__configure_admits_once);
    RUN_WORLD(test_sched__configure_needs_control);
    RUN_WORLD(test_sched__configure_refuses_bad_words);
    RUN_WORLD(test_sched__configure_refuses_other_processors);
    RUN_WORLD(test_sched__configure_refuses_budgets_out_of_range);
    RUN_WORLD(test_sched__configure_admits_so_many);
    RUN_WORLD(test_sched__info_tells_what_was_used);
    RUN_WORLD(test_sched__yield_gives_the_rest_up);
    RUN_WORLD(test_sched__yield_refuses_a_context_that_does_not_run);
    world_reset();
    return UNIT_RESULT();
}
