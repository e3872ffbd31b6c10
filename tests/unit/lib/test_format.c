/* The formatter does what printf would for what it knows, and stays in its buffer. */
#include "format.h"

#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

static char ours[64];

static void test_format__conversions(void)
{
    format_text(ours, sizeof ours, "%s %c %d %u %x", "ab", 'c', -5, 7u, 0xbeefu);
    CHECK_TEXT(ours, "ab c -5 7 beef");
    format_text(ours, sizeof ours, "%llu %lld %llx", (unsigned long long)UINT64_MAX, (long long)INT64_MIN,
                1ull << 40);
    CHECK_TEXT(ours, "18446744073709551615 -9223372036854775808 10000000000");
    format_text(ours, sizeof ours, "%zu%%", (size_t)3);
    CHECK_TEXT(ours, "3%");
}

static void test_format__width_and_padding(void)
{
    format_text(ours, sizeof ours, "[%5d][%05d][%08x][%3s]", -42, -42, 0x1fu, "a");
    CHECK_TEXT(ours, "[  -42][-0042][0000001f][  a]");
}

static void test_format__precision_bounds_what_is_read(void)
{
    char *raw = malloc(3); /* not terminated: a read beyond it is ASan's to see */
    memcpy(raw, "xyz", 3);
    format_text(ours, sizeof ours, "<%.*s>", 3, raw);
    CHECK_TEXT(ours, "<xyz>");
    format_text(ours, sizeof ours, "<%.*s>", 0, raw);
    CHECK_TEXT(ours, "<>");
    free(raw);
}

static void test_format__cuts_and_terminates(void)
{
    char small[4] = {9, 9, 9, 9};
    CHECK_EQ(format_text(small, sizeof small, "%s", "abcdef"), 3);
    CHECK_TEXT(small, "abc");
    CHECK_EQ(format_text(small, 1, "%d", 12345), 0);
    CHECK_TEXT(small, "");
}

int main(void)
{
    RUN(test_format__conversions);
    RUN(test_format__width_and_padding);
    RUN(test_format__precision_bounds_what_is_read);
    RUN(test_format__cuts_and_terminates);
    return UNIT_RESULT();
}
