/* kernel/obj/space.c; tests/unit/sys/test_space.c has its refusals. */
#include "obj/walker.h"
#include "unit.h"
#include "world.h"

static struct slot *frame(uint64_t bytes)
{
    return world_slot(world_new(OBJECT_TYPE_FRAME, bytes, 0));
}

static void map(struct space *space, struct slot *page, uint64_t address, uint8_t access)
{
    struct space_entry place;

    CHECK_EQ(space_map_check(space, page, address, access, &place), OK);
    space_map(space, page, address, access, place);
}

/* The entry that translates @address at @level, read as hardware would. */
static uint64_t translated(const struct space *space, uint64_t address, uint32_t level)
{
    const uint64_t *table = space->root;

    for (uint32_t at = 3; at > level; at--)
        table = fake_phys_to_ptr(walk_target(table[walk_index(address, at)]));
    return table[walk_index(address, level)];
}

static void test_space__a_host_space_holds_the_kernels_half(void)
{
    const struct space *host = world_object(SLOT_SPACE),
                       *guest = world_object(world_new(OBJECT_TYPE_SPACE, 2, SPACE_GUEST));

    CHECK(host->root[256] == (FAKE_KERNEL_ROOT | 3) && host->root[511] == (FAKE_KERNEL_ROOT | 3));
    for (uint32_t i = 0; i < WALK_ENTRIES; i++)
        CHECK_EQ(guest->root[i], 0);
}

static void test_space__entries_are_what_hardware_reads(void)
{
    struct space *space = world_object(SLOT_SPACE);
    struct slot *page = frame(PAGE_BYTES), *large = frame(1 << 21);

    map(space, page, 0x12345000, MAP_READ | MAP_WRITE);
    CHECK_EQ(translated(space, 0x12345000, 0), page->cap.object | 7 | 1ull << 63);
    map(space, large, 0x40000000, MAP_READ | MAP_EXEC);
    CHECK_EQ(translated(space, 0x40000000, 1), large->cap.object | 0x85);
    CHECK_WORLD();
}

static void test_space__a_guests_space_has_the_vendors_format(void)
{
    struct slot *page = frame(PAGE_BYTES), *other = frame(PAGE_BYTES);
    struct space *space;

    fake.nested_format = 1;
    space = world_object(world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST));
    map(space, page, 0x1000, MAP_READ | MAP_WRITE | MAP_EXEC);
    CHECK_EQ(translated(space, 0x1000, 0), page->cap.object | 7 | 0x30);
    fake.nested_format = 0;
    space = world_object(world_new(OBJECT_TYPE_SPACE, 4, SPACE_GUEST));
    map(space, other, 0x2000, MAP_READ);
    CHECK_EQ(translated(space, 0x2000, 0), other->cap.object | 5 | 1ull << 63);
}

static void test_space__unmap_flushes_what_is_loaded(void)
{
    struct space *space = world_object(SLOT_SPACE);
    struct slot *page = frame(PAGE_BYTES);
    uint64_t generation = space->generation;
    uint32_t writes;

    map(space, page, 0x400000, MAP_READ);
    (void)world_self();
    writes = fake.cr3_writes;
    space_unmap(&fake_cpu, page);
    CHECK_EQ(translated(space, 0x400000, 0), 0);
    CHECK_EQ(page->cap.badge, 0);
    CHECK_EQ(space->generation, generation + 1);
    CHECK(fake.cr3_writes == writes + 1 && fake.cr3 == space->root_pa.value);
}

static void test_space__a_freed_capability_unmaps(void)
{
    struct space *space = world_object(SLOT_SPACE);
    uint32_t page = world_new(OBJECT_TYPE_FRAME, PAGE_BYTES, 0),
             copy = world_copy(page, UINT8_MAX, 0, 0, 0, 0);

    map(space, world_slot(page), 0x400000, MAP_READ);
    map(space, world_slot(copy), 0x401000, MAP_READ);
    world_revoke(world_slot(page), false);
    CHECK_EQ(translated(space, 0x401000, 0), 0);
    CHECK(translated(space, 0x400000, 0) != 0);
    world_revoke(world_slot(page), true);
    CHECK_EQ(translated(space, 0x400000, 0), 0);
    CHECK_WORLD();
}

static void test_space__a_retired_vcpu_unmaps_its_page(void)
{
    struct space *space = world_object(SLOT_SPACE);
    uint32_t vcpu = world_new(OBJECT_TYPE_VCPU, 0, 0);

    map(space, world_slot(vcpu), 0x400000, MAP_READ | MAP_WRITE);
    CHECK_EQ(walk_target(translated(space, 0x400000, 0)),
             fake_ptr_to_phys(world_object(vcpu)) + VCPU_STATE_OFFSET);
    world_revoke(world_slot(vcpu), true);
    CHECK_EQ(translated(space, 0x400000, 0), 0);
}

static void test_space__epochs_tell_a_successor(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_SPACE, 4, 0);
    struct space *space = world_object(slot);
    struct slot *page = frame(PAGE_BYTES);
    uint16_t index = space->index;
    uint32_t epoch = space->epoch;

    map(space, page, 0x400000, MAP_READ);
    world_revoke(world_slot(slot), true);
    CHECK(!space_find(index, epoch));
    struct space *next = world_object(world_new(OBJECT_TYPE_SPACE, 4, 0));
    CHECK(next->index == index && next->epoch != epoch && space_find(index, next->epoch) == next);
    struct slot *other = frame(PAGE_BYTES);
    map(next, other, 0x400000, MAP_READ);
    space_unmap(&fake_cpu, page); /* its record names the predecessor */
    CHECK_EQ(walk_target(translated(next, 0x400000, 0)), other->cap.object);
    CHECK_WORLD();
}

static void test_space__a_retired_space_is_left(void)
{
    uint32_t slot = world_new(OBJECT_TYPE_SPACE, 4, 0);
    struct thread *thread = world_thread(&(struct recipe){.space = slot}, NULL);

    thread_ready(&fake_cpu, thread);
    world_run(thread);
    CHECK_EQ(fake.cr3, ((struct space *)world_object(slot))->root_pa.value);
    world_revoke(world_slot(slot), true);
    CHECK(fake.cr3 == FAKE_KERNEL_ROOT && fake_cpu.cr3 == FAKE_KERNEL_ROOT);
    CHECK(thread->state == THREAD_STATE_STOPPED && thread->cr3 == FAKE_KERNEL_ROOT);
    CHECK_WORLD();
}

static void test_space__there_are_so_many(void)
{
    uint32_t first = world.next, made = 1; /* the world has one */

    while (space_available()) {
        (void)world_new(OBJECT_TYPE_SPACE, 1, 0);
        made++;
    }
    CHECK_EQ(made, SPACES_MAX);
    world_revoke(world_slot(first), true);
    CHECK(space_available());
}

int main(void)
{
    RUN_WORLD(test_space__a_host_space_holds_the_kernels_half);
    RUN_WORLD(test_space__entries_are_what_hardware_reads);
    RUN_WORLD(test_space__a_guests_space_has_the_vendors_format);
    RUN_WORLD(test_space__unmap_flushes_what_is_loaded);
    RUN_WORLD(test_space__a_freed_capability_unmaps);
    RUN_WORLD(test_space__a_retired_vcpu_unmaps_its_page);
    RUN_WORLD(test_space__epochs_tell_a_successor);
    RUN_WORLD(test_space__a_retired_space_is_left);
    RUN_WORLD(test_space__there_are_so_many);
    world_reset();
    return UNIT_RESULT();
}
