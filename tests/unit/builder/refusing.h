/* The sample description with one change, and the reason for which it is refused. */
#ifndef TEST_REFUSING_H
#define TEST_REFUSING_H

#include "sample.h"
#include "unit.h"

static struct spec spec;
static struct refusal why;

static bool checks(void)
{
    why.text[0] = 0;
    return spec_check(&spec, &why);
}

static void reason(const char *expected)
{
    if (strstr(why.text, expected) == NULL) {
        printf("    got '%s', expected '%s'\n", why.text, expected);
    }
    CHECK(strstr(why.text, expected) != NULL);
}

/* The sample with one change is refused by the check of the whole. */
#define CHECK_REFUSES(change, expected) \
    do {                                \
        sample_spec(&spec);             \
        change;                         \
        CHECK(!checks());               \
        reason(expected);               \
    } while (0)

#endif
