/* kernel/obj/walker.h: arithmetic of page tables. */
#include "obj/walker.h"

#include "bulkhead/abi.h"
#include "unit.h"

static const struct walk_format npt = {.present = 1,
                                       .table = 7,
                                       .leaf = 5,
                                       .write = 2,
                                       .no_exec = 1ull << 63,
                                       .large = 1u << 7,
                                       .uncached = 3u << 3};
static const struct walk_format ept = {
    .present = 7, .table = 7, .leaf = 1, .write = 2, .exec = 4, .large = 1u << 7, .cached = 6u << 3};

static void test_walker__index_takes_nine_bits_a_level(void)
{
    const uint64_t address = 1ull << 39 | 2ull << 30 | 3ull << 21 | 4ull << 12 | 0xfff;

    CHECK_EQ(walk_index(address, 3), 1);
    CHECK_EQ(walk_index(address, 2), 2);
    CHECK_EQ(walk_index(address, 1), 3);
    CHECK_EQ(walk_index(address, 0), 4);
    for (uint32_t level = 0; level < WALK_LEVELS; level++)
        CHECK_EQ(walk_index(UINT64_MAX, level), WALK_ENTRIES - 1);
}

static void test_walker__leaf_level_knows_three_sizes(void)
{
    CHECK_EQ(walk_leaf_level(1ull << 12), 0);
    CHECK_EQ(walk_leaf_level(1ull << 21), 1);
    CHECK_EQ(walk_leaf_level(1ull << 30), 2);
    CHECK_EQ(walk_leaf_level(1ull << 39), WALK_LEVELS);
    CHECK_EQ(walk_leaf_level(0), WALK_LEVELS);
    CHECK_EQ(walk_leaf_level(8192), WALK_LEVELS);
    for (uint32_t level = 0; level < 3; level++)
        CHECK_EQ(walk_leaf_level(walk_span(level)), level);
}

static void test_walker__classify_tells_tables_from_leaves(void)
{
    CHECK_EQ(walk_classify(&npt, 0, 0), WALK_EMPTY);
    CHECK_EQ(walk_classify(&npt, 0x1000 | 6, 1), WALK_EMPTY); /* not present */
    CHECK_EQ(walk_classify(&npt, 0x1000 | 7, 0), WALK_LEAF);
    CHECK_EQ(walk_classify(&npt, 0x1000 | 7, 1), WALK_TABLE);
    CHECK_EQ(walk_classify(&npt, 0x200000 | 0x87, 1), WALK_LEAF);
    CHECK_EQ(walk_classify(&ept, 0x1000 | 4, 1), WALK_TABLE); /* execute only is in use */
}

static void test_walker__leaf_entry_carries_the_access(void)
{
    CHECK_EQ(walk_leaf_entry(&npt, 0x5000, 0, MAP_READ), 0x5000 | 5 | 1ull << 63);
    CHECK_EQ(walk_leaf_entry(&npt, 0x5000, 0, MAP_READ | MAP_WRITE), 0x5000 | 7 | 1ull << 63);
    CHECK_EQ(walk_leaf_entry(&npt, 0x5000, 0, MAP_READ | MAP_EXEC), 0x5000 | 5);
    CHECK_EQ(walk_leaf_entry(&npt, 0x200000, 1, MAP_READ | MAP_EXEC | MAP_UNCACHED),
             0x200000 | 5 | 0x80 | 0x18);
    CHECK_EQ(walk_leaf_entry(&ept, 0x5000, 0, MAP_READ | MAP_WRITE | MAP_EXEC), 0x5000 | 7 | 0x30);
    CHECK_EQ(walk_leaf_entry(&ept, 0x5000, 0, MAP_READ | MAP_UNCACHED), 0x5000 | 1);
}

static void test_walker__target_leaves_the_bits_out(void)
{
    CHECK_EQ(walk_target(0x8000000000005fff), 0x5000);
    CHECK_EQ(walk_target(UINT64_MAX), 0x000ffffffffff000);
    CHECK_EQ(walk_target(walk_table_entry(&npt, 0x7000)), 0x7000);
}

static void test_walker__step_reads_the_entry_of_the_address(void)
{
    uint64_t table[WALK_ENTRIES] = {[5] = 0x9000 | 7}, *entry;

    CHECK_EQ(walk_step(&npt, table, 5ull << 21, 1, &entry), WALK_TABLE);
    CHECK(entry == &table[5]);
    CHECK_EQ(walk_step(&npt, table, 6ull << 21, 1, &entry), WALK_EMPTY);
    CHECK_EQ(walk_step(&npt, table, UINT64_MAX, 0, &entry), WALK_EMPTY);
}

int main(void)
{
    RUN(test_walker__index_takes_nine_bits_a_level);
    RUN(test_walker__leaf_level_knows_three_sizes);
    RUN(test_walker__classify_tells_tables_from_leaves);
    RUN(test_walker__leaf_entry_carries_the_access);
    RUN(test_walker__target_leaves_the_bits_out);
    RUN(test_walker__step_reads_the_entry_of_the_address);
    return UNIT_RESULT();
}
