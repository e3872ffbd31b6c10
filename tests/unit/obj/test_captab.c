/* kernel/obj/cap.c, captab.[ch]: look-up, the derivation tree, revocation in steps. */
#include "unit.h"
#include "world.h"

static uint32_t notif(void)
{
    return world_new(OBJECT_TYPE_NOTIF, 0, 0);
}
static uint32_t copy(uint32_t from)
{
    return world_copy(from, UINT8_MAX, 0, 0, 1, 0);
}
static bool empty(uint32_t index)
{
    return world_slot(index)->cap.type == OBJECT_TYPE_NONE;
}

static void test_captab__lookup_refuses_slots_outside(void)
{
    struct slot *slot = NULL;

    CHECK(!captab_slot(world.table, 0));
    CHECK(captab_slot(world.table, 1) && captab_slot(world.table, WORLD_SLOTS - 1));
    CHECK(!captab_slot(world.table, WORLD_SLOTS));
    CHECK(!captab_slot(world.table, UINT64_MAX) && !captab_slot(world.table, 1ull << 32 | 1) &&
          !captab_slot(world.table, 1ull << 63 | 1));
    CHECK_EQ(captab_find(world.table, WORLD_SLOTS, OBJECT_TYPE_NOTIF, 0, &slot), ERR_SLOT);
    CHECK_EQ(captab_find(world.table, 900, OBJECT_TYPE_NOTIF, 0, &slot), ERR_SLOT);
    CHECK_EQ(captab_find(world.table, 900, OBJECT_TYPE_NONE, 0, &slot), ERR_SLOT);
    CHECK(!slot);
}

static void test_captab__lookup_wants_type_and_all_rights(void)
{
    uint32_t weak = world_copy(notif(), RIGHT_WAIT, 0, 0, 1, 0);
    struct slot *slot = NULL;

    CHECK_EQ(captab_find(world.table, weak, OBJECT_TYPE_ENDPOINT, RIGHT_WAIT, &slot), ERR_TYPE);
    CHECK_EQ(captab_find(world.table, weak, OBJECT_TYPE_NOTIF, RIGHT_SIGNAL, &slot), ERR_RIGHTS);
    CHECK_EQ(captab_find(world.table, weak, OBJECT_TYPE_NOTIF, RIGHT_SIGNAL | RIGHT_WAIT, &slot), ERR_RIGHTS);
    CHECK(!slot);
    CHECK_EQ(captab_find(world.table, weak, OBJECT_TYPE_NOTIF, RIGHT_WAIT, &slot), OK);
    CHECK(slot == world_slot(weak));
}

static void test_captab__lookup_refuses_retired_cap(void)
{
    uint32_t root = notif(), below = copy(root), other = notif();
    struct slot *slot = NULL;

    cap_retire(world_slot(root), false);
    CHECK_EQ(captab_find(world.table, root, OBJECT_TYPE_NOTIF, 0, &slot), ERR_RETIRED);
    CHECK_EQ(captab_find(world.table, below, OBJECT_TYPE_NOTIF, 0, &slot), ERR_RETIRED);
    CHECK_EQ(captab_find(world.table, other, OBJECT_TYPE_NOTIF, 0, &slot), OK);
    world_revoke(world_slot(root), false);
    CHECK_EQ(captab_find(world.table, root, OBJECT_TYPE_NOTIF, 0, &slot), OK);
    CHECK(empty(below));
}

static void test_captab__children_stand_behind_their_parent(void)
{
    uint32_t root = notif(), a = copy(root), b = copy(root), aa = copy(a);

    CHECK(world_slot(root)->next == world_slot(b) && world_slot(b)->next == world_slot(a) &&
          world_slot(a)->next == world_slot(aa));
    CHECK(cap_has_children(world_slot(root)) && cap_has_children(world_slot(a)) &&
          !cap_has_children(world_slot(b)));
    CHECK_EQ(world_slot(aa)->cap.depth, world_slot(root)->cap.depth + 2);
    CHECK_WORLD();
}

static void test_captab__revoke_takes_all_below_and_nothing_else(void)
{
    uint32_t root = notif(), a = copy(root), aa = copy(a), b = copy(root), other = copy(notif());

    world_revoke(world_slot(a), false);
    CHECK(empty(aa) && !empty(a) && !empty(b) && !empty(root));
    world_revoke(world_slot(root), false);
    CHECK(empty(a) && empty(b) && !empty(root) && !empty(other));
    CHECK_EQ(cap_retiring, 0);
    CHECK_WORLD();
}

static void test_captab__delete_takes_the_capability_too(void)
{
    uint32_t root = notif(), a = copy(root), aa = copy(a);

    world_revoke(world_slot(a), true);
    CHECK(empty(a) && empty(aa) && !empty(root));
    world_revoke(world_slot(root), true);
    CHECK(empty(root));
    CHECK_WORLD();
}

static void test_captab__a_step_is_bounded(void)
{
    uint32_t root = notif(), first = world.next;

    for (uint32_t i = 0; i < 100; i++)
        (void)copy(root);
    cap_retire(world_slot(root), false);
    CHECK(!cap_retire_step(&fake_cpu, world_slot(root)));
    uint32_t gone = 0;
    for (uint32_t i = 0; i < 100; i++)
        gone += empty(first + i);
    CHECK(gone > 0 && gone <= 8);
    CHECK_WORLD();
    world_revoke(world_slot(root), false);
}

static void test_captab__revoked_space_passes_a_quiescent_point(void)
{
    uint64_t before = fake_cpu.quiescent;
    uint32_t untyped = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0);

    world_make(untyped, world.table, 900, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    world_revoke(world_slot(untyped), false);
    CHECK(fake_cpu.quiescent > before);
}

/* Tables that go take what they hold along, whoever the originals belong to. */
static void test_captab__a_deleted_table_is_emptied(void)
{
    uint32_t inner = world_new(OBJECT_TYPE_CAPTAB, 64, 0), root = notif();
    struct captab *table = world_object(inner);

    world_make(SLOT_UNTYPED, table, 1, OBJECT_TYPE_ENDPOINT, 0, 0);
    cap_install(captab_slot(table, 2), world_slot(root), &world_slot(root)->cap);
    captab_slot(table, 2)->cap.flags = 0;
    cap_install(world_slot(900), captab_slot(table, 2),
                &captab_slot(table, 2)->cap); /* derived from what the table holds */
    world_revoke(world_slot(inner), true);
    CHECK(empty(inner) && empty(900) && !empty(root) && !cap_has_children(world_slot(root)));
    for (uint32_t i = 1; i < 64; i++)
        CHECK_EQ(captab_slot(table, i)->cap.type, OBJECT_TYPE_NONE);
    CHECK_WORLD();
}

static void test_captab__tables_in_tables_are_emptied(void)
{
    uint32_t outer = world_new(OBJECT_TYPE_CAPTAB, 64, 0);
    struct captab *table = world_object(outer);

    for (uint32_t i = 0; i < 5; i++) {
        world_make(SLOT_UNTYPED, table, 7, OBJECT_TYPE_CAPTAB, 64, 0);
        world_make(SLOT_UNTYPED, table, 63, OBJECT_TYPE_NOTIF, 0, 0);
        table = cap_object(captab_slot(table, 7));
    }
    world_revoke(world_slot(outer), true);
    CHECK(!cap_has_children(world_slot(SLOT_UNTYPED)) ||
          world_slot(SLOT_UNTYPED)->next == world_slot(SLOT_SPACE));
    CHECK_EQ(cap_retiring, 0);
    CHECK_WORLD();
}

/* A table may hold its own original, and the untyped that it was made of. */
static void test_captab__a_table_that_holds_itself_can_be_revoked(void)
{
    uint32_t untyped = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0);

    world_make(untyped, world.table, 900, OBJECT_TYPE_CAPTAB, 64, 0);
    struct captab *table = world_object(900);
    world_make(untyped, table, 5, OBJECT_TYPE_CAPTAB, 64, 0);
    struct captab *inner = cap_object(captab_slot(table, 5));
    world_make(untyped, inner, 9, OBJECT_TYPE_CAPTAB, 64, 0);
    struct captab *last = cap_object(captab_slot(inner, 9));
    /* The last one's original is moved into itself. */
    struct slot *from = captab_slot(inner, 9), *to = captab_slot(last, 1);
    *to = *from;
    to->prev->next = to;
    if (to->next)
        to->next->prev = to;
    *from = (struct slot){0};
    CHECK_WORLD();
    world_revoke(to, true);
    CHECK_EQ(to->cap.type, OBJECT_TYPE_NONE);
    CHECK_WORLD();
    world_revoke(world_slot(untyped), false);
    CHECK_EQ(world_slot(untyped)->cap.badge, 0);
    CHECK_WORLD();
}

/* The slot that is being revoked stands in a table that goes with it. */
static void test_captab__a_root_inside_what_it_revokes(void)
{
    uint32_t outer = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0), free_before = cap_retiring;

    world_make(outer, world.table, 900, OBJECT_TYPE_UNTYPED, 1 << 15, 0);
    world_make(900, world.table, 901, OBJECT_TYPE_CAPTAB, 64, 0);
    struct slot *inside = captab_slot(world_object(901), 3), *from = world_slot(900);
    *inside = *from;
    inside->prev->next = inside;
    inside->next->prev = inside;
    world_slot(901)->parent = inside;
    *from = (struct slot){0};
    CHECK_WORLD();
    world_revoke(inside, false);
    CHECK(empty(901));
    CHECK_EQ(cap_retiring, free_before);
    CHECK_EQ(inside->cap.type, OBJECT_TYPE_NONE);
    CHECK_WORLD();
}

static void test_captab__memory_is_reused_only_after_tables_are_empty(void)
{
    uint32_t untyped = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0), root = notif();
    struct slot *slot = world_slot(untyped);

    world_make(untyped, world.table, 900, OBJECT_TYPE_CAPTAB, 512, 0);
    struct captab *table = world_object(900);
    cap_install(captab_slot(table, 511), world_slot(root), &world_slot(root)->cap);
    captab_slot(table, 511)->cap.flags = 0;
    cap_retire(slot, false);
    while (!cap_retire_step(&fake_cpu, slot))
        CHECK(slot->cap.badge != 0);
    CHECK_EQ(slot->cap.badge, 0);
    CHECK(!cap_has_children(world_slot(root)));
    CHECK_WORLD();
}

static void test_captab__two_revocations_may_overlap(void)
{
    uint32_t root = notif(), below = copy(root), deep = copy(below);

    cap_retire(world_slot(below), false);
    cap_retire(world_slot(root), true);
    CHECK_EQ(cap_retiring, 2);
    world_revoke(world_slot(root), true);
    CHECK(empty(root) && empty(below) && empty(deep));
    CHECK_EQ(cap_retiring, 0);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_captab__lookup_refuses_slots_outside);
    RUN_WORLD(test_captab__lookup_wants_type_and_all_rights);
    RUN_WORLD(test_captab__lookup_refuses_retired_cap);
    RUN_WORLD(test_captab__children_stand_behind_their_parent);
    RUN_WORLD(test_captab__revoke_takes_all_below_and_nothing_else);
    RUN_WORLD(test_captab__delete_takes_the_capability_too);
    RUN_WORLD(test_captab__a_step_is_bounded);
    RUN_WORLD(test_captab__revoked_space_passes_a_quiescent_point);
    RUN_WORLD(test_captab__a_deleted_table_is_emptied);
    RUN_WORLD(test_captab__tables_in_tables_are_emptied);
    RUN_WORLD(test_captab__a_table_that_holds_itself_can_be_revoked);
    RUN_WORLD(test_captab__a_root_inside_what_it_revokes);
    RUN_WORLD(test_captab__memory_is_reused_only_after_tables_are_empty);
    RUN_WORLD(test_captab__two_revocations_may_overlap);
    world_reset();
    return UNIT_RESULT();
}
