/* kernel/sys/sys_vcpu.c */
#include "unit.h"
#include "world.h"

#define CONFIGURE_REFUSED(error, slot, ...) REFUSED(error, CALL_VCPU_CONFIGURE, slot, __VA_ARGS__)

static uint32_t fresh(void)
{
    return world_new(OBJECT_TYPE_VCPU, 0, 0);
}
static uint32_t guest_space(void)
{
    return world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST);
}
static uint32_t terminal(void)
{
    return world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);
}

static uint32_t configured(void)
{
    uint32_t slot = fresh();

    CHECK_EQ(CALL(CALL_VCPU_CONFIGURE, slot, guest_space(), terminal()), OK);
    return slot;
}

static void test_vcpu__configure_binds_space_and_table(void)
{
    uint32_t slot = fresh(), space = guest_space(), table = terminal();
    const struct vcpu *vcpu = world_object(slot);

    CHECK_EQ(CALL(CALL_VCPU_CONFIGURE, slot, space, table), OK);
    CHECK(vcpu->space == world_object(space) && vcpu->captab == world_object(table));
    CHECK_EQ(vcpu->hvm.nested_root.value, vcpu->space->root_pa.value);
    CHECK_WORLD();
    CONFIGURE_REFUSED(ERR_STATE, slot, guest_space(), 0);
}

static void test_vcpu__refuses_bad_words(void)
{
    uint32_t slot = fresh();

    REFUSED_UNUSED(CALL_VCPU_CONFIGURE, slot);
    REFUSED_UNUSED(CALL_VCPU_READ, slot);
    REFUSED(ERR_ARGUMENT, CALL_VCPU_READ, slot, 512);
}

static void test_vcpu__configure_looks_its_parts_up(void)
{
    uint32_t slot = fresh(), space = guest_space(), table = terminal();

    CONFIGURE_REFUSED(ERR_SLOT, slot, 0, table);
    CONFIGURE_REFUSED(ERR_TYPE, slot, table, table);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, world_copy(space, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0), table);
    CONFIGURE_REFUSED(ERR_SLOT, slot, space, 900);
    CONFIGURE_REFUSED(ERR_TYPE, slot, space, space);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, space, world_copy(table, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0));
}

static void test_vcpu__configure_takes_a_guests_space_and_table_only(void)
{
    uint32_t slot = fresh();

    CONFIGURE_REFUSED(ERR_TYPE, slot, SLOT_SPACE, 0);
    CONFIGURE_REFUSED(ERR_TYPE, slot, guest_space(), SLOT_CAPTAB);
}

static void test_vcpu__configure_refuses_at_the_greatest_depth(void)
{
    uint32_t slot = fresh(), space = guest_space(), table = terminal();

    CONFIGURE_REFUSED(ERR_DEPTH, slot, world_deep(space), table);
    CONFIGURE_REFUSED(ERR_DEPTH, slot, space, world_deep(table));
}

static void test_vcpu__run_needs_a_space(void)
{
    REFUSED_MESSAGE(ERR_STATE, CALL_VCPU_RUN, fresh(), 0, UINT64_MAX);
}

static void test_vcpu__run_and_read_refuse_one_that_runs(void)
{
    uint32_t slot = configured();
    struct vcpu *vcpu = world_object(slot);

    vcpu_enter(vcpu, world_thread(NULL, NULL), UINT64_MAX);
    REFUSED_MESSAGE(ERR_BUSY, CALL_VCPU_RUN, slot, 0, UINT64_MAX);
    REFUSED(ERR_BUSY, CALL_VCPU_READ, slot, VCPU_GROUP_MSR);
    vcpu_return(vcpu->thread, RUN_REASON_EXIT, 0);
}

static void test_vcpu__run_refuses_a_thread_with_the_fpu_right(void)
{
    uint32_t slot = configured();

    world_self()->fpu_right = true;
    REFUSED_MESSAGE(ERR_STATE, CALL_VCPU_RUN, slot, 0, UINT64_MAX);
    world_self()->fpu_right = false;
}

static void test_vcpu__run_enters_the_guest(void)
{
    uint32_t slot = configured();
    struct vcpu *vcpu = world_object(slot);

    vcpu->hvm.state->dirty = VCPU_GROUP_MSR;
    CHECK_EQ(world_message(world_self(), CALL_VCPU_RUN, slot, 0, fake.tsc + 1000), OK);
    CHECK_EQ(world_self()->state, THREAD_STATE_IN_GUEST);
    CHECK(vcpu->thread == world_self() && vcpu->run_deadline == fake.tsc + 1000);
    CHECK_EQ(fake.dirty, VCPU_GROUP_MSR);
    CHECK_WORLD();
}

static void test_vcpu__run_answers_what_the_page_is_refused_with(void)
{
    uint32_t slot = configured();

    fake.apply_error = ERR_ARGUMENT;
    CHECK_EQ(world_message(world_self(), CALL_VCPU_RUN, slot, 0, UINT64_MAX), ERR_ARGUMENT);
    CHECK_EQ(world_self()->state, THREAD_STATE_READY);
    CHECK_WORLD();
}

static void test_vcpu__read_fills_groups(void)
{
    CHECK_EQ(CALL(CALL_VCPU_READ, configured(), VCPU_GROUP_MSR | VCPU_GROUP_DEBUG), OK);
    CHECK_EQ(fake.read_groups, VCPU_GROUP_MSR | VCPU_GROUP_DEBUG);
}

int main(void)
{
    RUN_WORLD(test_vcpu__configure_binds_space_and_table);
    RUN_WORLD(test_vcpu__refuses_bad_words);
    RUN_WORLD(test_vcpu__configure_looks_its_parts_up);
    RUN_WORLD(test_vcpu__configure_takes_a_guests_space_and_table_only);
    RUN_WORLD(test_vcpu__configure_refuses_at_the_greatest_depth);
    RUN_WORLD(test_vcpu__run_needs_a_space);
    RUN_WORLD(test_vcpu__run_and_read_refuse_one_that_runs);
    RUN_WORLD(test_vcpu__run_refuses_a_thread_with_the_fpu_right);
    RUN_WORLD(test_vcpu__run_enters_the_guest);
    RUN_WORLD(test_vcpu__run_answers_what_the_page_is_refused_with);
    RUN_WORLD(test_vcpu__read_fills_groups);
    world_reset();
    return UNIT_RESULT();
}
