/* CBOR from a hostile hand: what is not deterministic, complete and shallow is refused with its reason. */
#include "reader.h"

#include "unit.h"

static struct refusal why;

static bool checks(const uint8_t *bytes, size_t len)
{
    why.text[0] = 0;
    return reader_check(bytes, len, &why);
}

#define ACCEPTS(...)                           \
    do {                                       \
        const uint8_t bytes[] = {__VA_ARGS__}; \
        CHECK(checks(bytes, sizeof bytes));    \
        CHECK_TEXT(why.text, "");              \
    } while (0)

#define REFUSES(reason, ...)                     \
    do {                                         \
        const uint8_t bytes[] = {__VA_ARGS__};   \
        CHECK(!checks(bytes, sizeof bytes));     \
        CHECK(strstr(why.text, reason) != NULL); \
        if (strstr(why.text, reason) == NULL) {  \
            printf("    got: %s\n", why.text);   \
        }                                        \
    } while (0)

static void test_reader__accepts_deterministic_items(void)
{
    ACCEPTS(0x00);
    ACCEPTS(0x17);
    ACCEPTS(0x18, 24);
    ACCEPTS(0x19, 1, 0);
    ACCEPTS(0x1a, 0, 1, 0, 0);
    ACCEPTS(0x1b, 0, 0, 0, 1, 0, 0, 0, 0);
    ACCEPTS(0x20);
    ACCEPTS(0x43, 1, 2, 3);
    ACCEPTS(0x62, 'h', 'i');
    ACCEPTS(0x80);
    ACCEPTS(0x82, 0xf4, 0xf6);
    ACCEPTS(0xa2, 0x01, 0x02, 0x61, 'a', 0x80);
}

static void test_reader__refuses_truncation(void)
{
    REFUSES("truncated", 0x19, 1);
    REFUSES("truncated", 0x43, 1, 2);
    REFUSES("truncated", 0x82, 0x00);
    REFUSES("truncated", 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    REFUSES("truncated", 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    REFUSES("truncated", 0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0); /* twice 2^63 is nothing */
    REFUSES("truncated", 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0);
    CHECK(!checks((const uint8_t *)"", 0));
    CHECK(strstr(why.text, "truncated") != NULL);
}

static void test_reader__refuses_longer_forms(void)
{
    REFUSES("shortest", 0x18, 23);
    REFUSES("shortest", 0x19, 0, 255);
    REFUSES("shortest", 0x1a, 0, 0, 255, 255);
    REFUSES("shortest", 0x1b, 0, 0, 0, 0, 255, 255, 255, 255);
    REFUSES("shortest", 0x58, 2, 1, 2);
    REFUSES("shortest", 0x98, 1, 0);
}

static void test_reader__refuses_what_descriptions_do_not_use(void)
{
    REFUSES("kind", 0x9f, 0xff);                         /* indefinite array */
    REFUSES("kind", 0xbf, 0xff);                         /* indefinite map */
    REFUSES("kind", 0x5f, 0x41, 0, 0xff);                /* indefinite bytes */
    REFUSES("kind", 0x7f, 0x61, 'a', 0xff);              /* indefinite text */
    REFUSES("kind", 0xc1, 0x00);                         /* tag */
    REFUSES("kind", 0xf9, 0x3c, 0x00);                   /* half float */
    REFUSES("kind", 0xfa, 0x3f, 0x80, 0, 0);             /* float */
    REFUSES("kind", 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0); /* double */
    REFUSES("kind", 0xf7);                               /* undefined */
    REFUSES("kind", 0x1c);                               /* reserved */
    REFUSES("kind", 0xff);                               /* break alone */
}

static void test_reader__refuses_bad_keys(void)
{
    REFUSES("out of order", 0xa2, 0x02, 0x00, 0x01, 0x00);
    REFUSES("out of order", 0xa2, 0x01, 0x00, 0x01, 0x00);
    REFUSES("out of order", 0xa2, 0x61, 'b', 0x00, 0x61, 'a', 0x00);
    REFUSES("key", 0xa1, 0x80, 0x00);
}

static void test_reader__refuses_depth_and_leftovers(void)
{
    uint8_t deep[READER_MAX_DEPTH + 2];
    memset(deep, 0x81, sizeof deep);
    deep[READER_MAX_DEPTH] = 0x00;
    CHECK(checks(deep, READER_MAX_DEPTH + 1));
    deep[READER_MAX_DEPTH] = 0x81;
    deep[READER_MAX_DEPTH + 1] = 0x00;
    CHECK(!checks(deep, READER_MAX_DEPTH + 2));
    CHECK(strstr(why.text, "nested deeper") != NULL);
    REFUSES("left over", 0x00, 0x00);
    REFUSES("left over", 0x80, 0xf6);
}

static void test_reader__typed_reads_stick_to_the_first_failure(void)
{
    const uint8_t bytes[] = {0x01, 0x62, 'o', 'k', 0x05};
    struct reader reader;
    char text[4];
    why.text[0] = 0;
    reader_open(&reader, bytes, sizeof bytes, &why);
    CHECK_EQ(reader_unsigned(&reader, "first", 0, 1), 1);
    CHECK_EQ(reader_unsigned(&reader, "second", 0, 9), 0);
    CHECK(reader.failed);
    reader_text(&reader, "third", text, sizeof text);
    CHECK_TEXT(text, "");
    CHECK(strstr(why.text, "second is not a number") == why.text);
}

static void test_reader__text_is_bounded_and_printable(void)
{
    const uint8_t nul[] = {0x62, 'a', 0}, longer[] = {0x64, 'a', 'b', 'c', 'd'}, empty[] = {0x60};
    const uint8_t *inputs[] = {nul, longer, empty};
    const size_t sizes[] = {sizeof nul, sizeof longer, sizeof empty};
    for (unsigned i = 0; i < 3; i++) {
        struct reader reader;
        char text[4];
        reader_open(&reader, inputs[i], sizes[i], &why);
        reader_text(&reader, "text", text, sizeof text);
        CHECK(reader.failed);
    }
}

int main(void)
{
    RUN(test_reader__accepts_deterministic_items);
    RUN(test_reader__refuses_truncation);
    RUN(test_reader__refuses_longer_forms);
    RUN(test_reader__refuses_what_descriptions_do_not_use);
    RUN(test_reader__refuses_bad_keys);
    RUN(test_reader__refuses_depth_and_leftovers);
    RUN(test_reader__typed_reads_stick_to_the_first_failure);
    RUN(test_reader__text_is_bounded_and_printable);
    return UNIT_RESULT();
}
