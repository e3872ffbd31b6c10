/* kernel/obj/untyped.c */
#include "unit.h"
#include "world.h"

static void test_untyped__sizes_are_those_of_the_architecture(void)
{
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_ENDPOINT, 0), 1024);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_NOTIF, 0), 256);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_SCHED, 0), 256);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_THREAD, 0), 4096);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_VCPU, 0), 16384);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_CAPTAB, 128), 128 * 64);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_SPACE, 5), 7 * 4096);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_FRAME, 1 << 21), 1 << 21);
}

static void test_untyped__sizes_that_do_not_exist(void)
{
    const uint64_t tables[] = {
        0, 1, 32, 63, 65, 96, CAPTAB_SLOTS_MAX + 1, CAPTAB_SLOTS_MAX * 2, 1ull << 58, 1ull << 63};
    const uint64_t frames[] = {0, 1, 4095, 8192, 1ull << 20, 1ull << 31, UINT64_MAX};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_CAPTAB, tables[i]), 0);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_FRAME, frames[i]), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_SPACE, 0), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_SPACE, SPACE_TABLES_MAX + 1), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_SPACE, UINT64_MAX - 1), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_UNTYPED, 0), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_UNTYPED, 4097), 0);
    CHECK_EQ(untyped_object_bytes(OBJECT_TYPE_CONTROL, 4096), 0);
    CHECK_EQ(untyped_object_bytes(200, 4096), 0);
}

static void test_untyped__plan_aligns_addresses(void)
{
    struct capability untyped = {.object = 0x5000, .extra = 0x10000, .badge = 0x100};
    uint64_t start;

    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 1024, 1, &start), OK);
    CHECK_EQ(start, 0x400);
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 4096, 1, &start), OK);
    CHECK_EQ(start, 0x1000);
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 0x4000, 1, &start), OK);
    CHECK_EQ(start, 0x3000); /* the address, not the offset */
}

static void test_untyped__plan_refuses_what_does_not_fit(void)
{
    struct capability untyped = {.object = 0x5000, .extra = 0x4000, .badge = 0};
    uint64_t start = 1;

    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 4096, 5, &start), ERR_MEMORY);
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 1 << 21, 1, &start), ERR_MEMORY);
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_UNTYPED, UINT64_MAX - 4095, 2, &start), ERR_MEMORY);
    CHECK_EQ(start, 1);
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 4096, 4, &start), OK);
    untyped.badge = 0x4000;
    CHECK_EQ(untyped_plan(&untyped, OBJECT_TYPE_FRAME, 256, 1, &start), ERR_MEMORY);
}

static void test_untyped__zeroing_goes_in_steps(void)
{
    struct capability untyped = {.object = FAKE_BASE + (1 << 20), .extra = 1 << 20};
    const uint8_t *memory = fake_phys_to_ptr(untyped.object);
    uint64_t end = (2 * ZERO_STEP_PAGES + 1) * PAGE_BYTES;

    CHECK(!untyped_zero_step(&untyped, end));
    CHECK_EQ(untyped.mask, ZERO_STEP_PAGES);
    CHECK(memory[ZERO_STEP_PAGES * PAGE_BYTES - 1] == 0 && memory[ZERO_STEP_PAGES * PAGE_BYTES] != 0);
    CHECK(!untyped_zero_step(&untyped, end));
    CHECK(untyped_zero_step(&untyped, end));
    CHECK(memory[end - 1] == 0 && memory[end] != 0);
    CHECK(untyped_zero_step(&untyped, end)); /* nothing twice */
    CHECK_EQ(untyped.mask, 2 * ZERO_STEP_PAGES + 1);
}

static void test_untyped__kept_memory_is_never_touched(void)
{
    struct capability untyped = {.object = FAKE_BASE + (1 << 20), .extra = 1 << 20, .flags = CAP_KEEP};

    CHECK(untyped_zero_step(&untyped, 1 << 20));
    CHECK_EQ(*(uint8_t *)fake_phys_to_ptr(untyped.object), 0xa5);
}

/* What the next owner sees is zero, whatever the last one wrote, page by page and piece by piece. */
static void test_untyped__reuse_is_zeroed(void)
{
    uint32_t untyped = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0);
    uint8_t *memory = fake_phys_to_ptr(world_slot(untyped)->cap.object);

    for (uint32_t round = 0; round < 3; round++) {
        memset(memory, 0xee, 1 << 16);
        world_make(untyped, world.table, 900, OBJECT_TYPE_NOTIF, 0, 0);
        world_make(untyped, world.table, 901, OBJECT_TYPE_NOTIF, 0, 0);
        world_make(untyped, world.table, 902, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
        world_make(untyped, world.table, 903, OBJECT_TYPE_ENDPOINT, 0, 0);
        CHECK_EQ(((struct notif *)world_object(901))->bits, 0);
        CHECK(((struct endpoint *)world_object(903))->server == NULL &&
              ((struct endpoint *)world_object(903))->generation[15] == 0);
        const uint8_t *frame = fake_phys_to_ptr(world_slot(902)->cap.object);
        for (uint32_t i = 0; i < PAGE_BYTES; i++)
            CHECK_EQ(frame[i], 0);
        world_revoke(world_slot(untyped), false);
        CHECK(world_slot(untyped)->cap.badge == 0 && world_slot(untyped)->cap.mask == 0);
    }
}

static void test_untyped__a_nested_untyped_zeroes_its_own(void)
{
    uint32_t outer = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0);

    memset(fake_phys_to_ptr(world_slot(outer)->cap.object), 0xee, 1 << 16);
    world_make(outer, world.table, 900, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    world_make(outer, world.table, 901, OBJECT_TYPE_UNTYPED, 8192, 0);
    world_make(901, world.table, 902, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    world_make(outer, world.table, 903, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    CHECK_EQ(*(uint64_t *)fake_phys_to_ptr(world_slot(902)->cap.object), 0);
    CHECK_EQ(*(uint64_t *)fake_phys_to_ptr(world_slot(903)->cap.object), 0);
    CHECK_WORLD();
}

/* Pages zeroed for a retype that was never finished still count, and are not zeroed again or forgotten. */
static void test_untyped__zeroed_pages_carry_over(void)
{
    struct slot *untyped = world_slot(world_new(OBJECT_TYPE_UNTYPED, 1 << 20, 0));

    CHECK(!untyped_zero_step(&untyped->cap, 1 << 20));
    world_make(world.next - 1, world.table, 900, OBJECT_TYPE_NOTIF, 0, 0);
    CHECK_EQ(untyped->cap.mask, ZERO_STEP_PAGES - 1);
    world_make(world.next - 1, world.table, 901, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    CHECK_EQ(untyped->cap.mask, ZERO_STEP_PAGES - 2);
    world_make(world.next - 1, world.table, 902, OBJECT_TYPE_UNTYPED, 1 << 18, 0);
    CHECK_EQ(untyped->cap.mask, 0);
}

/* After a revocation nothing counts as zeroed: the pages zeroed ahead were counted from another place. */
static void test_untyped__nothing_stays_zeroed_after_revocation(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_UNTYPED, 1 << 20, 0);
    struct slot *untyped = world_slot(slot);

    world_make(slot, world.table, 900, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    CHECK(untyped_zero_step(&untyped->cap, 4 * PAGE_BYTES)); /* for a retype that is never finished */
    memset(fake_phys_to_ptr(world_slot(900)->cap.object), 0xee, PAGE_BYTES);
    world_revoke(untyped, false);
    CHECK_EQ(untyped->cap.mask, 0);
    world_make(slot, world.table, 900, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    CHECK_EQ(*(uint64_t *)fake_phys_to_ptr(world_slot(900)->cap.object), 0);
}

static void test_untyped__a_new_untyped_has_nothing_zeroed(void)
{
    uint32_t untyped = world_new(OBJECT_TYPE_UNTYPED, 1 << 16, 0);

    CHECK(world_slot(untyped)->cap.mask == 0 && world_slot(untyped)->cap.badge == 0 &&
          world_slot(untyped)->cap.extra == 1 << 16);
}

int main(void)
{
    RUN_WORLD(test_untyped__sizes_are_those_of_the_architecture);
    RUN_WORLD(test_untyped__sizes_that_do_not_exist);
    RUN_WORLD(test_untyped__plan_aligns_addresses);
    RUN_WORLD(test_untyped__plan_refuses_what_does_not_fit);
    RUN_WORLD(test_untyped__zeroing_goes_in_steps);
    RUN_WORLD(test_untyped__kept_memory_is_never_touched);
    RUN_WORLD(test_untyped__reuse_is_zeroed);
    RUN_WORLD(test_untyped__a_nested_untyped_zeroes_its_own);
    RUN_WORLD(test_untyped__zeroed_pages_carry_over);
    RUN_WORLD(test_untyped__nothing_stays_zeroed_after_revocation);
    RUN_WORLD(test_untyped__a_new_untyped_has_nothing_zeroed);
    world_reset();
    return UNIT_RESULT();
}
