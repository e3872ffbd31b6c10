/* kernel/sys/sys_captab.c */
#include "unit.h"
#include "world.h"

/* captab_copy's words: to, from, source, rights, flags, interface, mask, badge */
#define COPY(...) CALL(CALL_CAPTAB_COPY, SLOT_CAPTAB, __VA_ARGS__)
#define COPY_REFUSED(error, ...) REFUSED(error, CALL_CAPTAB_COPY, SLOT_CAPTAB, __VA_ARGS__)
enum { TO = 900, ALL = UINT8_MAX };

static void test_captab__copy_derives_with_what_was_asked(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);
    const struct slot *copy = world_slot(TO);

    CHECK_EQ(COPY(TO, SLOT_CAPTAB, endpoint, RIGHT_CALL, COPY_SEALED, 16, 0x5, 77), OK);
    CHECK_EQ(copy->cap.type, OBJECT_TYPE_ENDPOINT);
    CHECK_EQ(copy->cap.rights, RIGHT_CALL);
    CHECK_EQ(copy->cap.flags, CAP_SEALED);
    CHECK_EQ(copy->cap.interface, 16);
    CHECK_EQ(copy->cap.mask, 0x5);
    CHECK_EQ(copy->cap.badge, 77);
    CHECK(copy->parent == world_slot(endpoint));
    CHECK_WORLD();
}

static void test_captab__copy_of_a_frame_is_mapped_nowhere(void)
{
    uint32_t frame = world_new(OBJECT_TYPE_FRAME, PAGE_BYTES, 0);

    CHECK_EQ(CALL(CALL_SPACE_MAP, SLOT_SPACE, frame, 0x400000, MAP_READ), OK);
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, frame, RIGHT_READ, 0, 0, 0, 0), OK);
    CHECK_EQ(world_slot(TO)->cap.badge, 0);
    CHECK_EQ(CALL(CALL_SPACE_MAP, SLOT_SPACE, TO, 0x401000, MAP_READ), OK);
    CHECK_WORLD();
}

static void test_captab__copy_of_ports_keeps_their_range(void)
{
    CHECK_EQ(CALL(CALL_CONTROL_IOPORT, SLOT_CONTROL, SLOT_CAPTAB, TO, 0x60, 0x64), OK);
    CHECK_EQ(COPY(TO + 1, SLOT_CAPTAB, TO, RIGHT_READ, 0, 0, 0, 0), OK);
    REFUSED(ERR_RANGE, CALL_IOPORT_IN, TO + 1, 0x65, 1);
    CHECK_EQ(CALL(CALL_IOPORT_IN, TO + 1, 0x64, 1), OK);
}

static void test_captab__copy_refuses_bad_words(void)
{
    REFUSED_UNUSED(CALL_CAPTAB_COPY, SLOT_CAPTAB);
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, SLOT_SPACE, 256);
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, SLOT_SPACE, 0, 2);
    COPY_REFUSED(ERR_ARGUMENT, TO | 1ull << 32, SLOT_CAPTAB, SLOT_SPACE);
}

static void test_captab__copy_needs_the_copy_right_of_the_source_table(void)
{
    uint32_t weak = world_copy(SLOT_CAPTAB, (uint8_t)~RIGHT_COPY, 0, 0, 0, 0);

    COPY_REFUSED(ERR_RIGHTS, TO, weak, SLOT_SPACE, ALL);
    COPY_REFUSED(ERR_TYPE, TO, SLOT_SPACE, SLOT_SPACE, ALL);
    COPY_REFUSED(ERR_SLOT, TO, 0, SLOT_SPACE, ALL);
}

static void test_captab__copy_refuses_missing_slots(void)
{
    COPY_REFUSED(ERR_SLOT, TO, SLOT_CAPTAB, TO + 1, ALL); /* empty source */
    COPY_REFUSED(ERR_SLOT, TO, SLOT_CAPTAB, 0, ALL);
    COPY_REFUSED(ERR_SLOT, TO, SLOT_CAPTAB, WORLD_SLOTS, ALL);
    COPY_REFUSED(ERR_SLOT, 0, SLOT_CAPTAB, SLOT_SPACE, ALL);
    COPY_REFUSED(ERR_SLOT, WORLD_SLOTS, SLOT_CAPTAB, SLOT_SPACE, ALL);
    COPY_REFUSED(ERR_SLOT, UINT32_MAX, SLOT_CAPTAB, SLOT_SPACE, ALL);
}

static void test_captab__copy_refuses_an_occupied_slot(void)
{
    COPY_REFUSED(ERR_OCCUPIED, SLOT_CONTROL, SLOT_CAPTAB, SLOT_SPACE, ALL);
    COPY_REFUSED(ERR_OCCUPIED, SLOT_SPACE, SLOT_CAPTAB, SLOT_SPACE, ALL);
}

static void test_captab__copy_refuses_a_terminal_source(void)
{
    uint32_t terminal = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL),
             endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);

    CHECK_EQ(CALL(CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, endpoint, RIGHT_CALL, COPY_SEALED, 16, 1, 0),
             OK);
    /* Even were its capabilities not sealed. */
    captab_slot(world_object(terminal), 1)->cap.flags = 0;
    COPY_REFUSED(ERR_SEALED, TO, terminal, 1, RIGHT_CALL, 0, 16, 1, 0);
}

static void test_captab__copy_refuses_untyped_memory(void)
{
    COPY_REFUSED(ERR_SEALED, TO, SLOT_CAPTAB, SLOT_UNTYPED, ALL);
}

static void test_captab__copy_refuses_a_sealed_source(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0),
             sealed = world_copy(endpoint, ALL, CAP_SEALED, 16, 1, 0);

    COPY_REFUSED(ERR_SEALED, TO, SLOT_CAPTAB, sealed, RIGHT_CALL, 0, 16, 1, 0);
    COPY_REFUSED(ERR_SEALED, TO, SLOT_CAPTAB, sealed, RIGHT_CALL, COPY_SEALED, 16, 1, 0);
}

static void test_captab__copy_refuses_beyond_the_depth(void)
{
    uint32_t deep = world_deep(world_new(OBJECT_TYPE_NOTIF, 0, 0));

    CHECK_EQ(world_slot(deep)->cap.depth, CAP_DEPTH_MAX);
    COPY_REFUSED(ERR_DEPTH, TO, SLOT_CAPTAB, deep, ALL);
}

static void test_captab__copy_gives_no_right_that_the_source_lacks(void)
{
    uint32_t notif = world_new(OBJECT_TYPE_NOTIF, 0, 0), weak = world_copy(notif, RIGHT_SIGNAL, 0, 0, 1, 0);

    for (uint32_t right = 1; right < 256; right <<= 1) {
        if (right != RIGHT_SIGNAL)
            COPY_REFUSED(ERR_RIGHTS, TO, SLOT_CAPTAB, weak, RIGHT_SIGNAL | right, 0, 0, 1, 0);
    }
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, weak, RIGHT_SIGNAL, 0, 0, 1, 0), OK);
}

static void test_captab__copy_gives_message_fields_to_messages_only(void)
{
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, SLOT_SPACE, ALL, 0, 16, 0, 0);
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, SLOT_SPACE, ALL, 0, 0, 1, 0);
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, SLOT_SPACE, ALL, 0, 0, 0, 1);
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, SLOT_SPACE, ALL, 0, 0, 0, 0), OK);
}

static void test_captab__copy_keeps_the_interface(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0), bound = world_copy(endpoint, ALL, 0, 16, 3, 0);

    COPY_REFUSED(ERR_INTERFACE, TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 17, 1, 0);
    COPY_REFUSED(ERR_INTERFACE, TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 0, 1, 0);
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 16, 1, 0), OK);
}

static void test_captab__copy_adds_no_method(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0),
             bound = world_copy(endpoint, ALL, 0, 16, 0x5, 0);

    COPY_REFUSED(ERR_METHOD, TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 16, 0x7, 0);
    COPY_REFUSED(ERR_METHOD, TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 16, UINT32_MAX, 0);
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, bound, RIGHT_CALL, 0, 16, 0x4, 0), OK);
}

static void test_captab__copy_keeps_a_badge(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0),
             badged = world_copy(endpoint, ALL, 0, 16, 1, 7);

    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, badged, RIGHT_CALL, 0, 16, 1, 8);
    COPY_REFUSED(ERR_ARGUMENT, TO, SLOT_CAPTAB, badged, RIGHT_CALL, 0, 16, 1, 0);
    CHECK_EQ(COPY(TO, SLOT_CAPTAB, badged, RIGHT_CALL, 0, 16, 1, 7), OK);
}

static void test_captab__copy_refuses_a_source_below_a_retiring_one(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0), below = world_copy(endpoint, ALL, 0, 16, 1, 0);

    cap_retire(world_slot(endpoint), false);
    COPY_REFUSED(ERR_RETIRED, TO, SLOT_CAPTAB, below, ALL, 0, 16, 1, 0);
    COPY_REFUSED(ERR_RETIRED, TO, SLOT_CAPTAB, endpoint, ALL, 0, 16, 1, 0);
    world_revoke(world_slot(endpoint), false);
}

static void test_captab__terminal_takes_sealed_callable_messages_only(void)
{
    uint32_t terminal = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL),
             endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0);

    REFUSED(ERR_SEALED, CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, endpoint, RIGHT_CALL, 0, 16, 1, 0);
    REFUSED(ERR_SEALED, CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, endpoint, RIGHT_CALL | RIGHT_WAIT,
            COPY_SEALED, 16, 1, 0);
    REFUSED(ERR_SEALED, CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, endpoint, RIGHT_MANAGE, COPY_SEALED, 16,
            1, 0);
    REFUSED(ERR_TYPE, CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, SLOT_SPACE, RIGHT_CALL, COPY_SEALED, 0, 0,
            0);
    REFUSED(ERR_TYPE, CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, SLOT_CAPTAB, 0, COPY_SEALED, 0, 0, 0);
    CHECK_EQ(CALL(CALL_CAPTAB_COPY, terminal, 1, SLOT_CAPTAB, endpoint, RIGHT_CALL, COPY_SEALED, 16, 1, 9),
             OK);
    CHECK_WORLD();
}

static void test_captab__delete_and_revoke_refuse_what_is_not_there(void)
{
    const uint32_t none[] = {0, TO, WORLD_SLOTS, UINT32_MAX};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        REFUSED(ERR_SLOT, CALL_CAPTAB_DELETE, SLOT_CAPTAB, none[i]);
        REFUSED(ERR_SLOT, CALL_CAPTAB_REVOKE, SLOT_CAPTAB, none[i]);
    }
    REFUSED_UNUSED(CALL_CAPTAB_DELETE, SLOT_CAPTAB);
    REFUSED_UNUSED(CALL_CAPTAB_REVOKE, SLOT_CAPTAB);
    REFUSED(ERR_ARGUMENT, CALL_CAPTAB_DELETE, SLOT_CAPTAB, 1ull << 32 | SLOT_SPACE);
}

static void test_captab__delete_and_revoke_refuse_below_a_retiring_one(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0), below = world_copy(endpoint, ALL, 0, 16, 1, 0);

    cap_retire(world_slot(endpoint), false);
    REFUSED(ERR_RETIRED, CALL_CAPTAB_DELETE, SLOT_CAPTAB, below);
    REFUSED(ERR_RETIRED, CALL_CAPTAB_REVOKE, SLOT_CAPTAB, below);
    /* The root itself may be named again: that is how the work goes on. */
    CHECK_EQ(CALL(CALL_CAPTAB_REVOKE, SLOT_CAPTAB, endpoint), OK);
    CHECK_EQ(world_slot(below)->cap.type, OBJECT_TYPE_NONE);
    CHECK_EQ(cap_retiring, 0);
    CHECK_WORLD();
}

static void test_captab__delete_is_bounded_and_goes_on_when_called_again(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0), calls = 1;

    for (uint32_t i = 0; i < 40; i++)
        (void)world_copy(endpoint, ALL, 0, 16, 1, i);
    while (CALL(CALL_CAPTAB_DELETE, SLOT_CAPTAB, endpoint) == ERR_AGAIN) {
        calls++;
        CHECK(world_slot(endpoint)->cap.flags & CAP_RETIRING);
    }
    CHECK(calls >= 5);
    CHECK_EQ(world_slot(endpoint)->cap.type, OBJECT_TYPE_NONE);
    CHECK_EQ(cap_retiring, 0);
    CHECK_WORLD();
}

static void test_captab__inspect_tells_what_a_slot_holds(void)
{
    uint32_t endpoint = world_new(OBJECT_TYPE_ENDPOINT, 0, 0),
             badged = world_copy(endpoint, RIGHT_CALL, CAP_SEALED, 16, 3, 7);
    const struct registers *regs = &world_self()->regs;

    CHECK_EQ(CALL(CALL_CAPTAB_INSPECT, SLOT_CAPTAB, badged), OK);
    CHECK(regs->rbx == OBJECT_TYPE_ENDPOINT && regs->rbp == RIGHT_CALL && regs->r12 == CAP_SEALED &&
          regs->r13 == 16);
    CHECK(regs->r14 == 3 && regs->r15 == 7 && regs->rdx == (uint64_t)world_object(endpoint));
    CHECK_EQ(CALL(CALL_CAPTAB_INSPECT, SLOT_CAPTAB, TO), OK);
    CHECK_EQ(regs->rbx, OBJECT_TYPE_NONE);
    REFUSED(ERR_SLOT, CALL_CAPTAB_INSPECT, SLOT_CAPTAB, 0);
    REFUSED(ERR_SLOT, CALL_CAPTAB_INSPECT, SLOT_CAPTAB, WORLD_SLOTS);
    REFUSED_UNUSED(CALL_CAPTAB_INSPECT, SLOT_CAPTAB);
}

int main(void)
{
    RUN_WORLD(test_captab__copy_derives_with_what_was_asked);
    RUN_WORLD(test_captab__copy_of_a_frame_is_mapped_nowhere);
    RUN_WORLD(test_captab__copy_of_ports_keeps_their_range);
    RUN_WORLD(test_captab__copy_refuses_bad_words);
    RUN_WORLD(test_captab__copy_needs_the_copy_right_of_the_source_table);
    RUN_WORLD(test_captab__copy_refuses_missing_slots);
    RUN_WORLD(test_captab__copy_refuses_an_occupied_slot);
    RUN_WORLD(test_captab__copy_refuses_a_terminal_source);
    RUN_WORLD(test_captab__copy_refuses_untyped_memory);
    RUN_WORLD(test_captab__copy_refuses_a_sealed_source);
    RUN_WORLD(test_captab__copy_refuses_beyond_the_depth);
    RUN_WORLD(test_captab__copy_gives_no_right_that_the_source_lacks);
    RUN_WORLD(test_captab__copy_gives_message_fields_to_messages_only);
    RUN_WORLD(test_captab__copy_keeps_the_interface);
    RUN_WORLD(test_captab__copy_adds_no_method);
    RUN_WORLD(test_captab__copy_keeps_a_badge);
    RUN_WORLD(test_captab__copy_refuses_a_source_below_a_retiring_one);
    RUN_WORLD(test_captab__terminal_takes_sealed_callable_messages_only);
    RUN_WORLD(test_captab__delete_and_revoke_refuse_what_is_not_there);
    RUN_WORLD(test_captab__delete_and_revoke_refuse_below_a_retiring_one);
    RUN_WORLD(test_captab__delete_is_bounded_and_goes_on_when_called_again);
    RUN_WORLD(test_captab__inspect_tells_what_a_slot_holds);
    world_reset();
    return UNIT_RESULT();
}
