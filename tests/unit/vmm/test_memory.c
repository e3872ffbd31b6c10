#include "fakes.h"
#include "unit.h"

static void test_memory__is_filled_when_first_touched(void)
{
    struct memory memory;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    CHECK(!memory_is_backed(&memory, gpa(0)));
    CHECK(memory_at(&memory, gpa(PIECE_BYTES - 1), 2) != NULL);
    CHECK_EQ(memory.backed_pieces, 2);
    CHECK(memory_is_backed(&memory, gpa(0)));
    CHECK(!memory_is_backed(&memory, gpa(2 * PIECE_BYTES)));
    fake_memory_free(&memory);
}

static void test_memory__refuses_what_is_not_ram(void)
{
    struct memory memory;
    uint64_t value;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    CHECK(memory_at(&memory, gpa(4 * PIECE_BYTES), 1) == NULL);
    CHECK(memory_at(&memory, gpa(4 * PIECE_BYTES - 1), 2) == NULL);
    CHECK(memory_at(&memory, gpa(0), UINT64_MAX) == NULL);
    CHECK(memory_at(&memory, gpa(0), 0) == NULL);
    CHECK(memory_at(&memory, gpa(UINT64_MAX), 1) == NULL);
    CHECK(memory_at(&memory, gpa(MEMORY_HIGH_BASE), 1) == NULL);
    CHECK(!memory_read(&memory, gpa(4 * PIECE_BYTES - 4), &value, 8));
    fake_memory_free(&memory);
}

static void test_memory__lies_around_the_hole_below_4_gib(void)
{
    static struct memory memory;
    memory_init(&memory, NULL, MEMORY_LOW_MAX + 2 * PIECE_BYTES);
    CHECK_EQ(memory.low_bytes, MEMORY_LOW_MAX);
    CHECK_EQ(memory.high_bytes, 2 * PIECE_BYTES);
    CHECK(memory_is_ram(&memory, gpa(MEMORY_LOW_MAX - 1)));
    CHECK(!memory_is_ram(&memory, gpa(MEMORY_LOW_MAX)));
    CHECK(!memory_is_ram(&memory, gpa(0xfee00000)));
    CHECK(memory_is_ram(&memory, gpa(MEMORY_HIGH_BASE)));
    CHECK(!memory_is_ram(&memory, gpa(MEMORY_HIGH_BASE + 2 * PIECE_BYTES)));
}

static void test_memory__says_when_frames_run_out(void)
{
    struct memory memory;
    fake_memory(&memory, 4 * PIECE_BYTES, 1);
    CHECK(memory_at(&memory, gpa(0), 1) != NULL);
    CHECK(memory_at(&memory, gpa(PIECE_BYTES), 1) == NULL);
    CHECK(!memory_is_backed(&memory, gpa(PIECE_BYTES)));
    fake_memory_free(&memory);
}

int main(void)
{
    RUN(test_memory__is_filled_when_first_touched);
    RUN(test_memory__refuses_what_is_not_ram);
    RUN(test_memory__lies_around_the_hole_below_4_gib);
    RUN(test_memory__says_when_frames_run_out);
    return UNIT_RESULT();
}
