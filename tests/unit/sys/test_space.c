/* kernel/sys/sys_space.c and what space_map_check refuses */
#include "unit.h"
#include "world.h"

#define MAP(...) CALL(CALL_SPACE_MAP, SLOT_SPACE, __VA_ARGS__)
#define MAP_REFUSED(error, ...) REFUSED(error, CALL_SPACE_MAP, SLOT_SPACE, __VA_ARGS__)

static uint32_t frame(uint64_t bytes)
{
    return world_new(OBJECT_TYPE_FRAME, bytes, 0);
}

static void test_space__maps_and_unmaps(void)
{
    uint32_t page = frame(PAGE_BYTES);

    CHECK_EQ(MAP(page, 0x400000, MAP_READ | MAP_WRITE), OK);
    CHECK_WORLD();
    CHECK_EQ(CALL(CALL_SPACE_UNMAP, SLOT_SPACE, page), OK);
    CHECK_WORLD();
    CHECK_EQ(MAP(page, 0x400000, MAP_READ | MAP_EXEC), OK);
}

static void test_space__maps_a_vcpus_page_for_reading_and_writing(void)
{
    uint32_t vcpu = world_new(OBJECT_TYPE_VCPU, 0, 0),
             weak = world_copy(vcpu, RIGHT_READ | RIGHT_WRITE, 0, 0, 0, 0);

    MAP_REFUSED(ERR_RIGHTS, weak, 0x400000, MAP_READ); /* needs the right to manage the vCPU */
    MAP_REFUSED(ERR_RIGHTS, vcpu, 0x400000, MAP_READ | MAP_EXEC);
    MAP_REFUSED(ERR_RIGHTS, vcpu, 0x400000, MAP_READ | MAP_WRITE | MAP_UNCACHED);
    CHECK_EQ(MAP(vcpu, 0x400000, MAP_READ | MAP_WRITE), OK);
    CHECK_WORLD();
}

static void test_space__refuses_bad_words(void)
{
    REFUSED_UNUSED(CALL_SPACE_MAP, SLOT_SPACE);
    REFUSED_UNUSED(CALL_SPACE_UNMAP, SLOT_SPACE);
    REFUSED_UNUSED(CALL_SPACE_INFO, SLOT_SPACE);
    MAP_REFUSED(ERR_ARGUMENT, frame(PAGE_BYTES), 0x400000, 16);
}

static void test_space__refuses_what_is_no_frame(void)
{
    MAP_REFUSED(ERR_SLOT, 0, 0x400000, MAP_READ);
    MAP_REFUSED(ERR_TYPE, SLOT_UNTYPED, 0x400000, MAP_READ);
    REFUSED(ERR_SLOT, CALL_SPACE_UNMAP, SLOT_SPACE, 0);
    REFUSED(ERR_TYPE, CALL_SPACE_UNMAP, SLOT_SPACE, SLOT_UNTYPED);
}

static void test_space__gives_no_access_that_the_capability_lacks(void)
{
    uint32_t page = frame(PAGE_BYTES), readable = world_copy(page, RIGHT_READ, 0, 0, 0, 0),
             none = world_copy(page, 0, 0, 0, 0, 0);

    MAP_REFUSED(ERR_RIGHTS, readable, 0x400000, MAP_READ | MAP_WRITE);
    MAP_REFUSED(ERR_RIGHTS, readable, 0x400000, MAP_READ | MAP_EXEC);
    MAP_REFUSED(ERR_RIGHTS, none, 0x400000, MAP_READ);
    CHECK_EQ(MAP(readable, 0x400000, MAP_READ), OK);
}

static void test_space__refuses_unreadable_and_writable_code(void)
{
    uint32_t page = frame(PAGE_BYTES);

    MAP_REFUSED(ERR_ARGUMENT, page, 0x400000, MAP_WRITE);
    MAP_REFUSED(ERR_ARGUMENT, page, 0x400000, 0);
    MAP_REFUSED(ERR_ARGUMENT, page, 0x400000, MAP_READ | MAP_WRITE | MAP_EXEC);
}

static void test_space__lets_guests_have_writable_code(void)
{
    uint32_t guest = world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST), page = frame(PAGE_BYTES);

    CHECK_EQ(CALL(CALL_SPACE_MAP, guest, page, 0x1000, MAP_READ | MAP_WRITE | MAP_EXEC), OK);
}

static void test_space__refuses_misaligned_addresses(void)
{
    MAP_REFUSED(ERR_ALIGN, frame(PAGE_BYTES), 0x400800, MAP_READ);
    MAP_REFUSED(ERR_ALIGN, frame(1 << 21), 0x401000, MAP_READ);
}

static void test_space__refuses_the_last_page_below_the_hole_and_all_above(void)
{
    uint32_t page = frame(PAGE_BYTES);

    MAP_REFUSED(ERR_RANGE, page, 0x7ffffffff000, MAP_READ);
    MAP_REFUSED(ERR_RANGE, page, 0x800000000000, MAP_READ);
    MAP_REFUSED(ERR_RANGE, page, 0xffff800000000000, MAP_READ);
    MAP_REFUSED(ERR_RANGE, page, 0xfffffffffffff000, MAP_READ);
    MAP_REFUSED(ERR_RANGE, frame(1 << 21), 0x7fffffe00000, MAP_READ);
    CHECK_EQ(MAP(page, 0x7fffffffe000, MAP_READ), OK);
}

static void test_space__maps_a_capability_once(void)
{
    uint32_t page = frame(PAGE_BYTES);

    CHECK_EQ(MAP(page, 0x400000, MAP_READ), OK);
    MAP_REFUSED(ERR_STATE, page, 0x401000, MAP_READ);
    MAP_REFUSED(ERR_STATE, page, 0x400000, MAP_READ);
}

static void test_space__maps_again_when_the_space_is_gone(void)
{
    uint32_t other = world_new(OBJECT_TYPE_SPACE, 4, 0), page = frame(PAGE_BYTES);

    CHECK_EQ(CALL(CALL_SPACE_MAP, other, page, 0x400000, MAP_READ), OK);
    world_revoke(world_slot(other), true);
    (void)world_new(OBJECT_TYPE_SPACE, 4, 0); /* takes its index, with another epoch */
    CHECK_EQ(MAP(page, 0x400000, MAP_READ), OK);
    CHECK_WORLD();
}

static void test_space__refuses_an_occupied_address(void)
{
    CHECK_EQ(MAP(frame(PAGE_BYTES), 0x400000, MAP_READ), OK);
    MAP_REFUSED(ERR_OCCUPIED, frame(PAGE_BYTES), 0x400000, MAP_READ);
}

static void test_space__refuses_across_sizes(void)
{
    uint32_t large = frame(1 << 21), page = frame(PAGE_BYTES);

    CHECK_EQ(MAP(large, 0x400000, MAP_READ), OK);
    MAP_REFUSED(ERR_OCCUPIED, page, 0x5ff000, MAP_READ); /* a larger leaf is in the way */
    CHECK_EQ(MAP(page, 0x600000, MAP_READ), OK);
    MAP_REFUSED(ERR_OCCUPIED, frame(1 << 21), 0x600000, MAP_READ); /* a table of smaller ones */
    CHECK_WORLD();
}

static void test_space__refuses_when_the_tables_are_used_up(void)
{
    uint32_t small = world_new(OBJECT_TYPE_SPACE, 4, 0);

    CHECK_EQ(CALL(CALL_SPACE_MAP, small, frame(PAGE_BYTES), 0x400000, MAP_READ), OK);
    REFUSED(ERR_MEMORY, CALL_SPACE_MAP, small, frame(PAGE_BYTES), 0x8000000000,
            MAP_READ); /* three more tables, one left */
    CHECK_EQ(CALL(CALL_SPACE_MAP, small, frame(PAGE_BYTES), 0x600000, MAP_READ), OK);
    REFUSED(ERR_MEMORY, CALL_SPACE_MAP, small, frame(PAGE_BYTES), 0x800000, MAP_READ);
    CHECK_EQ(CALL(CALL_SPACE_MAP, small, frame(PAGE_BYTES), 0x601000, MAP_READ), OK);
    CHECK_EQ(CALL(CALL_SPACE_INFO, small, 0), OK);
    CHECK(world_self()->regs.rbx == 4 && world_self()->regs.rbp == 4);
    CHECK_WORLD();
}

static void test_space__unmap_refuses_what_is_not_mapped_here(void)
{
    uint32_t other = world_new(OBJECT_TYPE_SPACE, 4, 0), page = frame(PAGE_BYTES);

    REFUSED(ERR_STATE, CALL_SPACE_UNMAP, SLOT_SPACE, page);
    CHECK_EQ(CALL(CALL_SPACE_MAP, other, page, 0x400000, MAP_READ), OK);
    REFUSED(ERR_STATE, CALL_SPACE_UNMAP, SLOT_SPACE, page);
    world_revoke(world_slot(other), true);
    REFUSED(ERR_STATE, CALL_SPACE_UNMAP, SLOT_SPACE, page);
}

/* Address 0 is an address: what is mapped there is mapped. */
static void test_space__unmaps_page_zero(void)
{
    uint32_t page = frame(PAGE_BYTES);

    CHECK_EQ(MAP(page, 0, MAP_READ), OK);
    MAP_REFUSED(ERR_STATE, page, 0x1000, MAP_READ);
    CHECK_EQ(CALL(CALL_SPACE_UNMAP, SLOT_SPACE, page), OK);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_space__maps_and_unmaps);
    RUN_WORLD(test_space__maps_a_vcpus_page_for_reading_and_writing);
    RUN_WORLD(test_space__refuses_bad_words);
    RUN_WORLD(test_space__refuses_what_is_no_frame);
    RUN_WORLD(test_space__gives_no_access_that_the_capability_lacks);
    RUN_WORLD(test_space__refuses_unreadable_and_writable_code);
    RUN_WORLD(test_space__lets_guests_have_writable_code);
    RUN_WORLD(test_space__refuses_misaligned_addresses);
    RUN_WORLD(test_space__refuses_the_last_page_below_the_hole_and_all_above);
    RUN_WORLD(test_space__maps_a_capability_once);
    RUN_WORLD(test_space__maps_again_when_the_space_is_gone);
    RUN_WORLD(test_space__refuses_an_occupied_address);
    RUN_WORLD(test_space__refuses_across_sizes);
    RUN_WORLD(test_space__refuses_when_the_tables_are_used_up);
    RUN_WORLD(test_space__unmap_refuses_what_is_not_mapped_here);
    RUN_WORLD(test_space__unmaps_page_zero);
    world_reset();
    return UNIT_RESULT();
}
