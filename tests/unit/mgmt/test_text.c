/* Text, CBOR and lines: what mgmt says. */
#include "cbor.h"
#include "check.h"
#include "line.h"
#include "text.h"

static bool equals(const struct text *text, const char *expected)
{
    return text->length == strlen(expected) && memcmp(text->bytes, expected, text->length) == 0;
}

static void test_text__cuts_at_its_capacity(void)
{
    char bytes[4];
    struct text text = text_over(bytes, sizeof(bytes));
    text_string(&text, "abc");
    CHECK(!text.cut);
    text_string(&text, "de");
    CHECK(text.cut && equals(&text, "abcd"));
}

static void test_text__numbers(void)
{
    char bytes[80];
    struct text text = text_over(bytes, sizeof(bytes));
    text_number(&text, 0);
    text_byte(&text, ' ');
    text_number(&text, UINT64_MAX);
    text_byte(&text, ' ');
    text_hex(&text, 0);
    text_byte(&text, ' ');
    text_hex(&text, UINT64_MAX);
    CHECK(equals(&text, "0 18446744073709551615 0x0 0xffffffffffffffff"));
}

static void test_text__columns(void)
{
    char bytes[80];
    struct text text = text_over(bytes, sizeof(bytes));
    text_left(&text, "ab", 4);
    text_right(&text, "cd", 4);
    text_number_right(&text, 7, 3);
    text_left(&text, "longer", 2);
    CHECK(equals(&text, "ab    cd  7longer"));
}

static void test_text__sizes(void)
{
    char bytes[80];
    struct text text = text_over(bytes, sizeof(bytes));
    text_size_right(&text, 1023, 9);
    text_size_right(&text, 1536, 9);
    text_size_right(&text, 3u << 20, 9);
    CHECK(equals(&text, " 1023 KiB  1.5 MiB  3.0 GiB"));
    text = text_over(bytes, sizeof(bytes));
    text_size_right(&text, UINT64_MAX, 0);
    CHECK(!text.cut);
}

/* [RFC8949] appendix A. */
static void test_cbor__items_are_as_short_as_can_be(void)
{
    static const struct {
        uint64_t value;
        uint8_t bytes[9];
        size_t count;
    } examples[] = {
        {23, {0x17}, 1},
        {24, {0x18, 0x18}, 2},
        {255, {0x18, 0xff}, 2},
        {1000, {0x19, 0x03, 0xe8}, 3},
        {1000000, {0x1a, 0x00, 0x0f, 0x42, 0x40}, 5},
        {UINT64_MAX, {0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9},
    };
    for (size_t index = 0; index < sizeof(examples) / sizeof(examples[0]); index++) {
        uint8_t bytes[9];
        uint64_t value;
        struct cbor_writer writer = cbor_over(bytes, sizeof(bytes));
        cbor_number(&writer, examples[index].value);
        CHECK(writer.length == examples[index].count && !writer.cut);
        CHECK(memcmp(bytes, examples[index].bytes, writer.length) == 0);
        struct cbor_reader reader = {.bytes = bytes, .count = writer.length, .at = 0};
        CHECK(cbor_read_number(&reader, UINT64_MAX, &value) && value == examples[index].value);
        CHECK(cbor_at_end(&reader));
    }
}

static void test_cbor__what_does_not_fit_is_left_out_whole(void)
{
    uint8_t bytes[6];
    struct cbor_writer writer = cbor_over(bytes, sizeof(bytes));
    cbor_array(&writer, 2);
    cbor_text(&writer, "abcd");
    CHECK(!writer.cut && writer.length == 6);
    cbor_number(&writer, 1);
    CHECK(writer.cut && writer.length == 6);
}

static void type(struct line *line, const char *keys)
{
    for (; *keys != '\0'; keys++)
        line_put(line, (uint8_t)*keys);
}

static void test_line__edits(void)
{
    struct line line;
    line_reset(&line);
    CHECK(line_put(&line, 0x7f) == LINE_IGNORED);
    CHECK(line_put(&line, 'p') == LINE_ADDED);
    CHECK(line_put(&line, 'x') == LINE_ADDED);
    CHECK(line_put(&line, '\b') == LINE_ERASED);
    CHECK(line_put(&line, 's') == LINE_ADDED);
    CHECK(line_put(&line, 0x1b) == LINE_IGNORED);
    CHECK(line_put(&line, 0xff) == LINE_IGNORED);
    CHECK(line_put(&line, '\r') == LINE_DONE);
    CHECK(line.length == 2 && memcmp(line.bytes, "ps", 2) == 0);
    CHECK(line_put(&line, 0x15) == LINE_CLEARED && line.length == 0);
}

static void test_line__refuses_an_overlong_line_whole(void)
{
    struct line line;
    line_reset(&line);
    for (unsigned count = 0; count < LINE_MAX_BYTES; count++)
        CHECK(line_put(&line, 'a') == LINE_ADDED);
    CHECK(line_put(&line, 'a') == LINE_IGNORED);
    CHECK(line_put(&line, '\n') == LINE_TOO_LONG);
    line_reset(&line);
    type(&line, "quit");
    CHECK(line_put(&line, '\n') == LINE_DONE);
}

int main(void)
{
    RUN(test_text__cuts_at_its_capacity);
    RUN(test_text__numbers);
    RUN(test_text__columns);
    RUN(test_text__sizes);
    RUN(test_cbor__items_are_as_short_as_can_be);
    RUN(test_cbor__what_does_not_fit_is_left_out_whole);
    RUN(test_line__edits);
    RUN(test_line__refuses_an_overlong_line_whole);
    return 0;
}
