/* base/math.h, base/bits.h */
#include "base/bits.h"
#include "base/math.h"
#include "unit.h"

static void test_math__add_refuses_exactly_what_wraps(void)
{
    uint64_t sum = 7;
    CHECK(!add_checked(UINT64_MAX, 1, &sum));
    CHECK_EQ(sum, 7);
    CHECK(add_checked(UINT64_MAX - 1, 1, &sum));
    CHECK_EQ(sum, UINT64_MAX);
    CHECK(!add_checked(1ull << 63, 1ull << 63, &sum));
}

static void test_math__multiply_refuses_exactly_what_wraps(void)
{
    uint64_t product = 7;
    CHECK(!multiply_checked(1ull << 32, 1ull << 32, &product));
    CHECK_EQ(product, 7);
    CHECK(multiply_checked(0xffffffffull, 0x100000001ull, &product));
    CHECK_EQ(product, UINT64_MAX);
    CHECK(multiply_checked(UINT64_MAX, 0, &product));
    CHECK_EQ(product, 0);
}

static void test_math__align_up_refuses_beyond_the_last_page(void)
{
    uint64_t aligned = 7;
    CHECK(align_up(0, PAGE_BYTES, &aligned));
    CHECK_EQ(aligned, 0);
    CHECK(align_up(1, PAGE_BYTES, &aligned));
    CHECK_EQ(aligned, PAGE_BYTES);
    CHECK(align_up(0xfffffffffffff000ull, PAGE_BYTES, &aligned));
    CHECK_EQ(aligned, 0xfffffffffffff000ull);
    CHECK(!align_up(0xfffffffffffff001ull, PAGE_BYTES, &aligned));
    CHECK_EQ(aligned, 0xfffffffffffff000ull);
    CHECK_EQ(align_down(0x1fff, PAGE_BYTES), 0x1000);
    CHECK(is_aligned(0x2000, PAGE_BYTES) && !is_aligned(0x2001, PAGE_BYTES));
}

static void test_math__range_within_does_not_wrap(void)
{
    CHECK(range_within(0, 10, 10));
    CHECK(range_within(10, 0, 10));
    CHECK(!range_within(11, 0, 10));
    CHECK(!range_within(5, UINT64_MAX - 2, 10));
    CHECK(!range_within(UINT64_MAX, 1, UINT64_MAX));
}

static void test_bits__highest(void)
{
    for (uint32_t i = 0; i < 64; i++) {
        CHECK_EQ(highest_bit(UINT64_MAX >> i), 63 - i);
    }
}

int main(void)
{
    RUN(test_math__add_refuses_exactly_what_wraps);
    RUN(test_math__multiply_refuses_exactly_what_wraps);
    RUN(test_math__align_up_refuses_beyond_the_last_page);
    RUN(test_math__range_within_does_not_wrap);
    RUN(test_bits__highest);
    return UNIT_RESULT();
}
