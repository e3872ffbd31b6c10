/* kernel/sys/sys_thread.c */
#include "hw/x86.h"
#include "unit.h"
#include "world.h"

/* thread_configure's words: space, captab, sched, reserve, fault, notif, flags, compartment */
#define CONFIGURE(slot, ...) CALL(CALL_THREAD_CONFIGURE, slot, __VA_ARGS__)
#define CONFIGURE_REFUSED(error, slot, ...) REFUSED(error, CALL_THREAD_CONFIGURE, slot, __VA_ARGS__)
enum { USER_RIP = 0x401000 };

static uint32_t fresh(void)
{
    return world_new(OBJECT_TYPE_THREAD, 0, 0);
}

static uint32_t context(void)
{
    (void)world_sched(10);
    return world.next - 1;
}

static void test_thread__configure_gives_what_was_named(void)
{
    uint32_t slot = fresh(), own = context(), reserve = context(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    uint32_t fault = world_copy(world_new(OBJECT_TYPE_ENDPOINT, 0, 0), RIGHT_CALL, 0, INTERFACE_FAULT, 1, 0);
    const struct thread *thread = world_object(slot);

    CHECK_EQ(CONFIGURE(slot, SLOT_SPACE, SLOT_CAPTAB, own, reserve, fault, notif, THREAD_FPU, 3), OK);
    CHECK(thread->captab == world_object(SLOT_CAPTAB) && thread->own == world_object(own) &&
          thread->reserve == world_object(reserve));
    CHECK(thread->bound == world_object(notif) && thread->fpu_right && thread->compartment == 3 &&
          thread->configured);
    CHECK_EQ(thread->cr3, ((struct space *)world_object(SLOT_SPACE))->root_pa.value);
    CHECK_EQ(thread->state, THREAD_STATE_INACTIVE);
    CHECK_WORLD();
    CONFIGURE_REFUSED(ERR_STATE, slot, SLOT_SPACE, SLOT_CAPTAB);
}

static void test_thread__refuses_bad_words(void)
{
    uint32_t slot = fresh();

    REFUSED_UNUSED(CALL_THREAD_CONFIGURE, slot);
    REFUSED_UNUSED(CALL_THREAD_RESUME, slot);
    REFUSED_UNUSED(CALL_THREAD_SUSPEND, slot);
    REFUSED_UNUSED(CALL_THREAD_READ, slot);
    REFUSED_UNUSED(CALL_THREAD_WRITE, slot);
    CONFIGURE_REFUSED(ERR_ARGUMENT, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0, 0, 2);
    REFUSED(ERR_ARGUMENT, CALL_THREAD_READ, slot, 3);
    REFUSED(ERR_ARGUMENT, CALL_THREAD_WRITE, slot, 3);
}

static void test_thread__configure_needs_space_and_table(void)
{
    uint32_t slot = fresh();

    CONFIGURE_REFUSED(ERR_SLOT, slot, 0, SLOT_CAPTAB);
    CONFIGURE_REFUSED(ERR_SLOT, slot, SLOT_SPACE, 0);
}

static void test_thread__configure_looks_every_part_up(void)
{
    uint32_t slot = fresh(), endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0),
             notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    uint32_t mute = world_copy(endpoint, (uint8_t)~RIGHT_CALL, 0, 1, 1, 0),
             deaf = world_copy(notif, (uint8_t)~RIGHT_WAIT, 0, 0, 1, 0);
    uint32_t weak = world_copy(context(), (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0);

    CONFIGURE_REFUSED(ERR_TYPE, slot, SLOT_CAPTAB, SLOT_CAPTAB);
    CONFIGURE_REFUSED(ERR_TYPE, slot, SLOT_SPACE, SLOT_SPACE);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, SLOT_SPACE, SLOT_CAPTAB, weak);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, SLOT_SPACE, SLOT_CAPTAB, 0, weak);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, mute);
    CONFIGURE_REFUSED(ERR_RIGHTS, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0, deaf);
    CONFIGURE_REFUSED(ERR_TYPE, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, notif, 0);
    CONFIGURE_REFUSED(ERR_SLOT, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0, 900);
}

static void test_thread__configure_refuses_parts_at_the_greatest_depth(void)
{
    uint32_t slot = fresh(), deep = world_deep(world_new(OBJECT_TYPE_NOTIF, 0, 0));

    CONFIGURE_REFUSED(ERR_DEPTH, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0, deep);
}

static void test_thread__configure_refuses_a_guests_space_and_table(void)
{
    uint32_t slot = fresh(), guest = world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST),
             terminal = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);

    CONFIGURE_REFUSED(ERR_TYPE, slot, guest, SLOT_CAPTAB);
    CONFIGURE_REFUSED(ERR_TYPE, slot, SLOT_SPACE, terminal);
}

static void test_thread__configure_refuses_a_bound_notification(void)
{
    uint32_t slot = fresh(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    (void)world_thread(&(struct recipe){.notif = notif}, NULL);
    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0, notif);
    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, 0, 0, 0,
                      world_copy(notif, UINT8_MAX, 0, 0, 1, 0));
}

static void test_thread__configure_refuses_one_context_in_both_places(void)
{
    uint32_t slot = fresh(), own = context(), copy = world_copy(own, UINT8_MAX, 0, 0, 0, 0);

    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, own, own);
    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, own, copy); /* another slot, the same object */
}

static void test_thread__configure_refuses_contexts_not_admitted(void)
{
    uint32_t slot = fresh(), raw = world_new(OBJECT_TYPE_SCHED, 0, 0);

    CONFIGURE_REFUSED(ERR_STATE, slot, SLOT_SPACE, SLOT_CAPTAB, raw);
    CONFIGURE_REFUSED(ERR_STATE, slot, SLOT_SPACE, SLOT_CAPTAB, 0, raw);
}

static void test_thread__configure_refuses_anothers_context(void)
{
    uint32_t slot = fresh(), own = context();

    CHECK_EQ(CONFIGURE(fresh(), SLOT_SPACE, SLOT_CAPTAB, own), OK);
    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, own);
    CONFIGURE_REFUSED(ERR_BUSY, slot, SLOT_SPACE, SLOT_CAPTAB, 0, own);
}

static void test_thread__configure_stops_at_the_limit(void)
{
    uint32_t slot = fresh();

    (void)world_self();
    for (uint32_t i = 0; i < THREADS_MAX - 1; i++)
        (void)world_thread(&(struct recipe){.passive = true}, NULL);
    CONFIGURE_REFUSED(ERR_LIMIT, slot, SLOT_SPACE, SLOT_CAPTAB);
}

static void test_thread__resume_needs_space_and_table(void)
{
    uint32_t slot, space = world_copy(SLOT_SPACE, UINT8_MAX, 0, 0, 0, 0), bare = fresh();

    REFUSED(ERR_STATE, CALL_THREAD_RESUME, bare, 0); /* never configured */
    (void)world_thread(&(struct recipe){.space = space}, &slot);
    world_revoke(world_slot(space), true);
    REFUSED(ERR_STATE, CALL_THREAD_RESUME, slot, 0);
}

static void test_thread__resume_refuses_one_that_runs(void)
{
    uint32_t slot;
    struct thread *thread = world_thread(NULL, &slot);

    CHECK_EQ(CALL(CALL_THREAD_RESUME, slot, 0), OK);
    CHECK_EQ(thread->state, THREAD_STATE_READY);
    REFUSED(ERR_STATE, CALL_THREAD_RESUME, slot, 0);
    CHECK_EQ(CALL(CALL_THREAD_SUSPEND, slot, 0), OK);
    CHECK_EQ(thread->state, THREAD_STATE_STOPPED);
    CHECK_EQ(CALL(CALL_THREAD_RESUME, slot, 0), OK);
    CHECK_WORLD();
}

static void test_thread__suspend_refuses_one_that_never_ran(void)
{
    uint32_t slot;

    (void)world_thread(NULL, &slot);
    REFUSED(ERR_STATE, CALL_THREAD_SUSPEND, slot, 0);
}

static void test_thread__read_gives_the_groups(void)
{
    uint32_t slot;
    struct thread *thread = world_thread(NULL, &slot);
    const struct registers *regs = &world_self()->regs;

    thread->regs.rip = 0x1111;
    thread->regs.rsp = 0x2222;
    thread->fs_base = 0x3333;
    thread->regs.r8 = 8;
    thread->regs.r15 = 15;
    CHECK_EQ(CALL(CALL_THREAD_READ, slot, REGISTER_GROUP_CONTROL), OK);
    CHECK(regs->rbx == 0x1111 && regs->rbp == 0x2222 && regs->r13 == 0x3333 &&
          regs->r14 == THREAD_STATE_INACTIVE && regs->r15 == 0 && regs->rdx == 0);
    CHECK_EQ(CALL(CALL_THREAD_READ, slot, REGISTER_GROUP_LOW), OK);
    CHECK_EQ(regs->r8, 8);
    CHECK_EQ(CALL(CALL_THREAD_READ, slot, REGISTER_GROUP_HIGH), OK);
    CHECK_EQ(regs->rdx, 15);
}

static void test_thread__read_refuses_the_caller(void)
{
    (void)world_self();
    CHECK(world_object(world.next - 2) == world_self());
    REFUSED(ERR_STATE, CALL_THREAD_READ, world.next - 2, REGISTER_GROUP_LOW);
}

static void test_thread__write_refuses_one_that_runs(void)
{
    uint32_t slot;
    struct thread *thread = world_thread(NULL, &slot);

    thread_ready(&fake_cpu, thread);
    REFUSED(ERR_STATE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_LOW, 1);
    CHECK_EQ(CALL(CALL_THREAD_SUSPEND, slot, 0), OK);
    CHECK_EQ(CALL(CALL_THREAD_WRITE, slot, REGISTER_GROUP_LOW, 1), OK);
}

static void test_thread__write_refuses_addresses_outside_user_space(void)
{
    uint32_t slot;

    (void)world_thread(NULL, &slot);
    REFUSED(ERR_RANGE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, 0x7ffffffff000);
    REFUSED(ERR_RANGE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, 0x800000000000);
    REFUSED(ERR_RANGE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, 0xffffffff80000000);
    REFUSED(ERR_RANGE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, USER_RIP, 0x7ffffffff001);
    REFUSED(ERR_RANGE, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, USER_RIP, 0, 0, 0x800000000000);
    REFUSED(ERR_ARGUMENT, CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, USER_RIP, 0, 1ull << 32);
}

static void test_thread__write_confines_the_flags(void)
{
    uint32_t slot;
    const struct thread *thread = world_thread(NULL, &slot);

    CHECK_EQ(
        CALL(CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, USER_RIP, 0x7ffffffff000, UINT32_MAX, 0x1234),
        OK);
    CHECK_EQ(thread->regs.rflags & (RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_TF), 0);
    CHECK_EQ(CALL(CALL_THREAD_WRITE, slot, REGISTER_GROUP_CONTROL, USER_RIP, 0x7ffffffff000, 0, 0x1234), OK);
    CHECK_EQ(thread->regs.rflags, RFLAGS_IF | 2);
    CHECK(thread->regs.rip == USER_RIP && thread->fs_base == 0x1234 && thread->resume == RESUME_IRET);
    CHECK(thread->regs.cs == SELECTOR_USER_CODE && thread->regs.ss == SELECTOR_USER_DATA);
}

static void test_thread__write_sets_the_groups(void)
{
    uint32_t slot;
    const struct thread *thread = world_thread(NULL, &slot);

    CHECK_EQ(CALL(CALL_THREAD_WRITE, slot, REGISTER_GROUP_LOW, 1, 2, 3, 4, 5, 6, 7, 8), OK);
    CHECK(thread->regs.rax == 1 && thread->regs.rbx == 2 && thread->regs.rcx == 3 && thread->regs.rdx == 4 &&
          thread->regs.rsi == 5);
    CHECK(thread->regs.rdi == 6 && thread->regs.rbp == 7 && thread->regs.r8 == 8);
    CHECK_EQ(CALL(CALL_THREAD_WRITE, slot, REGISTER_GROUP_HIGH, 9, 10, 11, 12, 13, 14, 15), OK);
    CHECK(thread->regs.r9 == 9 && thread->regs.r10 == 10 && thread->regs.r11 == 11 &&
          thread->regs.r12 == 12 && thread->regs.r13 == 13);
    CHECK(thread->regs.r14 == 14 && thread->regs.r15 == 15);
}

int main(void)
{
    RUN_WORLD(test_thread__configure_gives_what_was_named);
    RUN_WORLD(test_thread__refuses_bad_words);
    RUN_WORLD(test_thread__configure_needs_space_and_table);
    RUN_WORLD(test_thread__configure_looks_every_part_up);
    RUN_WORLD(test_thread__configure_refuses_parts_at_the_greatest_depth);
    RUN_WORLD(test_thread__configure_refuses_a_guests_space_and_table);
    RUN_WORLD(test_thread__configure_refuses_a_bound_notification);
    RUN_WORLD(test_thread__configure_refuses_one_context_in_both_places);
    RUN_WORLD(test_thread__configure_refuses_contexts_not_admitted);
    RUN_WORLD(test_thread__configure_refuses_anothers_context);
    RUN_WORLD(test_thread__configure_stops_at_the_limit);
    RUN_WORLD(test_thread__resume_needs_space_and_table);
    RUN_WORLD(test_thread__resume_refuses_one_that_runs);
    RUN_WORLD(test_thread__suspend_refuses_one_that_never_ran);
    RUN_WORLD(test_thread__read_gives_the_groups);
    RUN_WORLD(test_thread__read_refuses_the_caller);
    RUN_WORLD(test_thread__write_refuses_one_that_runs);
    RUN_WORLD(test_thread__write_refuses_addresses_outside_user_space);
    RUN_WORLD(test_thread__write_confines_the_flags);
    RUN_WORLD(test_thread__write_sets_the_groups);
    world_reset();
    return UNIT_RESULT();
}
