/* Text, JSON and lines: what mgmt says. */
#include "check.h"
#include "json.h"
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

static void test_json__commas_and_nesting(void)
{
    char bytes[160];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "a", "b");
    json_number(&json, "n", 7);
    json_array_begin(&json, "list");
    json_object_begin(&json);
    json_bool(&json, "x", true);
    json_object_end(&json);
    json_object_begin(&json);
    json_bool(&json, "x", false);
    json_object_end(&json);
    json_array_end(&json);
    json_string(&json, "z", "");
    json_end(&json);
    CHECK(equals(&text, "{\"a\":\"b\",\"n\":7,\"list\":[{\"x\":true},{\"x\":false}],\"z\":\"\"}\n"));
}

/* A guest chooses these bytes: none of them may end the string, the line or the terminal's good mood. */
static void test_json__escapes_every_hostile_byte(void)
{
    char hostile[256];
    char bytes[256 * 6 + 16];
    for (size_t index = 0; index < sizeof(hostile); index++)
        hostile[index] = (char)index;
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_bytes(&json, "t", hostile, sizeof(hostile));
    json_end(&json);
    CHECK(!text.cut);
    for (size_t index = 0; index + 1 < text.length; index++)
        CHECK(text.bytes[index] >= 0x20 && text.bytes[index] < 0x7f);
    char small[64];
    text = text_over(small, sizeof(small));
    json = json_begin(&text);
    json_bytes(&json, "t", "\"\\\n\x1b\xff", 5);
    json_end(&json);
    CHECK(equals(&text, "{\"t\":\"\\\"\\\\\\n\\u001b\\u00ff\"}\n"));
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
    RUN(test_json__commas_and_nesting);
    RUN(test_json__escapes_every_hostile_byte);
    RUN(test_line__edits);
    RUN(test_line__refuses_an_overlong_line_whole);
    return 0;
}
