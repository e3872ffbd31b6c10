/* The lib's own memcpy, memmove, memset and memcmp against plain loops, at every length and offset up to a
 * few words. They are compiled under other names, for the harness keeps the C library's. */
#define memcpy lib_memcpy
#define memmove lib_memmove
#define memset lib_memset
#define memcmp lib_memcmp
#include "../../../domains/lib/bytes.c" /* NOLINT(bugprone-suspicious-include): see above */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#include "unit.h"

#define BYTES 64u

static uint8_t actual[BYTES], expected[BYTES];

static void fill(void)
{
    for (unsigned i = 0; i < BYTES; i++) {
        actual[i] = expected[i] = (uint8_t)(i * 7 + 1);
    }
}

static void test_bytes__memmove_like_a_copy_through_a_buffer(void)
{
    uint8_t buffer[BYTES];
    for (unsigned to = 0; to < 20; to++) {
        for (unsigned from = 0; from < 20; from++) {
            for (unsigned len = 0; len <= 40; len++) {
                fill();
                for (unsigned i = 0; i < len; i++) {
                    buffer[i] = expected[from + i];
                }
                for (unsigned i = 0; i < len; i++) {
                    expected[to + i] = buffer[i];
                }
                CHECK(lib_memmove(actual + to, actual + from, len) == actual + to);
                CHECK(memcmp(actual, expected, BYTES) == 0);
            }
        }
    }
}

static void test_bytes__memcpy_and_memset(void)
{
    for (unsigned len = 0; len <= 40; len++) {
        fill();
        lib_memset(actual + 3, 0x1a5, len);
        for (unsigned i = 0; i < len; i++) {
            expected[3 + i] = 0xa5;
        }
        CHECK(memcmp(actual, expected, BYTES) == 0);
        lib_memcpy(actual, expected + 1, len);
        CHECK(memcmp(actual, expected + 1, len) == 0);
    }
}

static void test_bytes__memcmp_orders_unsigned(void)
{
    CHECK(lib_memcmp("a\x80", "a\x7f", 2) > 0);
    CHECK(lib_memcmp("a\x7f", "a\x80", 2) < 0);
    CHECK(lib_memcmp("ab", "ac", 1) == 0);
    CHECK(lib_memcmp("x", "y", 0) == 0);
}

int main(void)
{
    RUN(test_bytes__memmove_like_a_copy_through_a_buffer);
    RUN(test_bytes__memcpy_and_memset);
    RUN(test_bytes__memcmp_orders_unsigned);
    return UNIT_RESULT();
}
