/* kernel/sys/sys_untyped.c */
#include "unit.h"
#include "world.h"

/* untyped_retype's words: type, flags, size, captab, first, count */
#define RETYPE(...) CALL(CALL_UNTYPED_RETYPE, SLOT_UNTYPED, __VA_ARGS__)
#define RETYPE_REFUSED(error, ...) REFUSED(error, CALL_UNTYPED_RETYPE, SLOT_UNTYPED, __VA_ARGS__)
enum { TO = 900 };

static void test_untyped__retype_makes_objects_side_by_side(void)
{
    CHECK_EQ(RETYPE(OBJECT_TYPE_ENDPOINT, 0, 0, SLOT_CAPTAB, TO, 3), OK);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(world_slot(TO + i)->cap.type, OBJECT_TYPE_ENDPOINT);
        CHECK_EQ(world_slot(TO + i)->cap.rights, UINT8_MAX);
        CHECK(world_slot(TO + i)->cap.flags == CAP_ORIGINAL &&
              world_slot(TO + i)->parent == world_slot(SLOT_UNTYPED));
        CHECK_EQ((uint8_t *)world_object(TO + i) - (uint8_t *)world_object(TO), i * 1024);
    }
    CHECK_WORLD();
}

static void test_untyped__retype_refuses_bad_words(void)
{
    REFUSED_UNUSED(CALL_UNTYPED_RETYPE, SLOT_UNTYPED);
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_CONTROL + 1, 0, 0, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, TO, 0);
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, TO, 64 + 1);
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_NOTIF, 256, 0, SLOT_CAPTAB, TO, 1);
}

static void test_untyped__retype_refuses_unknown_flags(void)
{
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_CAPTAB, 2, 64, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_ARGUMENT, OBJECT_TYPE_CAPTAB, 0x80, 64, SLOT_CAPTAB, TO, 1);
}

static void test_untyped__retype_needs_a_table_to_manage(void)
{
    uint32_t weak = world_copy(SLOT_CAPTAB, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0);

    RETYPE_REFUSED(ERR_RIGHTS, OBJECT_TYPE_NOTIF, 0, 0, weak, TO, 1);
    RETYPE_REFUSED(ERR_TYPE, OBJECT_TYPE_NOTIF, 0, 0, SLOT_SPACE, TO, 1);
    RETYPE_REFUSED(ERR_SLOT, OBJECT_TYPE_NOTIF, 0, 0, 0, TO, 1);
}

static void test_untyped__retype_refuses_a_terminal_table(void)
{
    uint32_t terminal = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);

    RETYPE_REFUSED(ERR_SEALED, OBJECT_TYPE_NOTIF, 0, 0, terminal, 1, 1);
}

static void test_untyped__retype_refuses_beyond_the_depth(void)
{
    uint32_t untyped = SLOT_UNTYPED;
    struct captab *table = world_object(SLOT_CAPTAB);

    for (uint64_t size = 1 << 20; world_slot(untyped)->cap.depth < CAP_DEPTH_MAX; size -= PAGE_BYTES) {
        world_make(untyped, table, world.next, OBJECT_TYPE_UNTYPED, size, 0);
        untyped = world.next++;
    }
    REFUSED(ERR_DEPTH, CALL_UNTYPED_RETYPE, untyped, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, TO, 1);
}

static void test_untyped__retype_refuses_types_and_sizes_that_do_not_exist(void)
{
    const uint8_t never[] = {OBJECT_TYPE_NONE, OBJECT_TYPE_IRQ, OBJECT_TYPE_IOPORT, OBJECT_TYPE_CONTROL};

    for (size_t i = 0; i < sizeof never; i++)
        RETYPE_REFUSED(ERR_RANGE, never[i], 0, PAGE_BYTES, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_RANGE, OBJECT_TYPE_FRAME, 0, 8192, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_RANGE, OBJECT_TYPE_CAPTAB, 0, 65, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_RANGE, OBJECT_TYPE_SPACE, 0, SPACE_TABLES_MAX + 1, SLOT_CAPTAB, TO, 1);
    RETYPE_REFUSED(ERR_RANGE, OBJECT_TYPE_UNTYPED, 0, PAGE_BYTES - 1, SLOT_CAPTAB, TO, 1);
}

static void test_untyped__retype_of_kept_memory_gives_frames_only(void)
{
    REFUSED(ERR_TYPE, CALL_UNTYPED_RETYPE, SLOT_DEVICE, OBJECT_TYPE_THREAD, 0, 0, SLOT_CAPTAB, TO, 1);
    REFUSED(ERR_TYPE, CALL_UNTYPED_RETYPE, SLOT_DEVICE, OBJECT_TYPE_CAPTAB, 0, 64, SLOT_CAPTAB, TO, 1);
    CHECK_EQ(CALL(CALL_UNTYPED_RETYPE, SLOT_DEVICE, OBJECT_TYPE_FRAME, 0, 1ull << 30, SLOT_CAPTAB, TO, 1),
             OK);
    CHECK_EQ(world_slot(TO)->cap.flags, CAP_ORIGINAL | CAP_KEEP);
    CHECK_EQ(CALL(CALL_UNTYPED_RETYPE, SLOT_DEVICE, OBJECT_TYPE_UNTYPED, 0, 8192, SLOT_CAPTAB, TO + 1, 1),
             OK);
    REFUSED(ERR_TYPE, CALL_UNTYPED_RETYPE, TO + 1, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, TO + 2, 1);
}

static void test_untyped__retype_makes_one_space_at_a_time_while_there_are_some(void)
{
    RETYPE_REFUSED(ERR_LIMIT, OBJECT_TYPE_SPACE, 0, 1, SLOT_CAPTAB, TO, 2);
    const uint32_t one = world_new(OBJECT_TYPE_SPACE, 1, 0);
    while (space_available())
        (void)world_new(OBJECT_TYPE_SPACE, 1, 0);
    RETYPE_REFUSED(ERR_LIMIT, OBJECT_TYPE_SPACE, 0, 1, SLOT_CAPTAB, TO, 1);
    world_revoke(world_slot(one), true);
    CHECK_EQ(RETYPE(OBJECT_TYPE_SPACE, 0, 1, SLOT_CAPTAB, TO, 1), OK);
}

static void test_untyped__retype_makes_few_vcpus_at_a_time(void)
{
    RETYPE_REFUSED(ERR_LIMIT, OBJECT_TYPE_VCPU, 0, 0, SLOT_CAPTAB, TO, 5);
    while (RETYPE(OBJECT_TYPE_VCPU, 0, 0, SLOT_CAPTAB, TO, 4) == ERR_AGAIN) {
    }
    CHECK_EQ(world_slot(TO + 3)->cap.type, OBJECT_TYPE_VCPU);
}

static void test_untyped__retype_refuses_more_than_there_is(void)
{
    uint32_t small = world_new(OBJECT_TYPE_UNTYPED, 8192, 0);

    REFUSED(ERR_MEMORY, CALL_UNTYPED_RETYPE, small, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, SLOT_CAPTAB, TO, 3);
    REFUSED(ERR_MEMORY, CALL_UNTYPED_RETYPE, small, OBJECT_TYPE_UNTYPED, 0, UINT64_MAX - 4095, SLOT_CAPTAB,
            TO, 1);
    CHECK_EQ(CALL(CALL_UNTYPED_RETYPE, small, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, SLOT_CAPTAB, TO, 2), OK);
    REFUSED(ERR_MEMORY, CALL_UNTYPED_RETYPE, small, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, TO + 2, 1);
}

static void test_untyped__retype_refuses_slots_outside_the_table(void)
{
    RETYPE_REFUSED(ERR_SLOT, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, 0, 1);
    RETYPE_REFUSED(ERR_SLOT, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, WORLD_SLOTS - 1, 2);
    RETYPE_REFUSED(ERR_SLOT, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, UINT32_MAX, 2);
}

static void test_untyped__retype_refuses_occupied_slots(void)
{
    uint32_t notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    RETYPE_REFUSED(ERR_OCCUPIED, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, notif, 1);
    RETYPE_REFUSED(ERR_OCCUPIED, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, SLOT_UNTYPED, 1);
    (void)world_copy(notif, 0, 0, 0, 0, 0);
    world.next = 500;
    (void)world_copy(notif, 0, 0, 0, 0, 0);
    RETYPE_REFUSED(ERR_OCCUPIED, OBJECT_TYPE_NOTIF, 0, 0, SLOT_CAPTAB, 498, 3); /* the last of three */
}

static void test_untyped__retype_is_bounded_and_goes_on_when_called_again(void)
{
    uint32_t calls = 1;

    while (RETYPE(OBJECT_TYPE_FRAME, 0, 1ull << 21, SLOT_CAPTAB, TO, 1) == ERR_AGAIN) {
        CHECK_EQ(world_slot(TO)->cap.type, OBJECT_TYPE_NONE);
        calls++;
    }
    CHECK(calls >= 512 / ZERO_STEP_PAGES);
    CHECK_EQ(world_slot(TO)->cap.type, OBJECT_TYPE_FRAME);
    for (uint64_t i = 0; i < 1ull << 21; i += 8) {
        if (*(uint64_t *)fake_phys_to_ptr(world_slot(TO)->cap.object + i) == 0)
            continue;
        CHECK_EQ(i, 1ull << 21);
        break;
    }
    CHECK_WORLD();
}

static void test_untyped__info_tells_region_and_use(void)
{
    const struct registers *regs = &world_self()->regs;
    const struct capability *cap = &world_slot(SLOT_UNTYPED)->cap;

    CHECK_EQ(CALL(CALL_UNTYPED_INFO, SLOT_UNTYPED, 0), OK);
    CHECK(regs->rbx == cap->object && regs->rbp == cap->extra && regs->r12 == cap->badge && regs->r13 == 0);
    CHECK_EQ(CALL(CALL_UNTYPED_INFO, SLOT_DEVICE, 0), OK);
    CHECK_EQ(regs->r13, UNTYPED_KEEP);
    REFUSED_UNUSED(CALL_UNTYPED_INFO, SLOT_UNTYPED);
}

int main(void)
{
    RUN_WORLD(test_untyped__retype_makes_objects_side_by_side);
    RUN_WORLD(test_untyped__retype_refuses_bad_words);
    RUN_WORLD(test_untyped__retype_refuses_unknown_flags);
    RUN_WORLD(test_untyped__retype_needs_a_table_to_manage);
    RUN_WORLD(test_untyped__retype_refuses_a_terminal_table);
    RUN_WORLD(test_untyped__retype_refuses_beyond_the_depth);
    RUN_WORLD(test_untyped__retype_refuses_types_and_sizes_that_do_not_exist);
    RUN_WORLD(test_untyped__retype_of_kept_memory_gives_frames_only);
    RUN_WORLD(test_untyped__retype_makes_one_space_at_a_time_while_there_are_some);
    RUN_WORLD(test_untyped__retype_makes_few_vcpus_at_a_time);
    RUN_WORLD(test_untyped__retype_refuses_more_than_there_is);
    RUN_WORLD(test_untyped__retype_refuses_slots_outside_the_table);
    RUN_WORLD(test_untyped__retype_refuses_occupied_slots);
    RUN_WORLD(test_untyped__retype_is_bounded_and_goes_on_when_called_again);
    RUN_WORLD(test_untyped__info_tells_region_and_use);
    world_reset();
    return UNIT_RESULT();
}
