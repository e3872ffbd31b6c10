/* Resources by name, in an info page that is believed only within its bounds. */
#include "resource.h"

#include <setjmp.h>
#include <stdbool.h>

#include "panic.h"
#include "unit.h"

static jmp_buf ended;

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    longjmp(ended, 1);
}

static struct domain_info page(void)
{
    struct domain_info info = {.resource_count = 4, .text = "two words"};
    memcpy(info.resource[0].name, "com1", 4);
    info.resource[0].kind = RESOURCE_KIND_IOPORT;
    info.resource[0].slot = 7;
    memcpy(info.resource[1].name, "exactly-24-bytes-of-name", 24);
    info.resource[1].kind = RESOURCE_KIND_NUMBER;
    info.resource[1].extra = 99;
    memcpy(info.resource[2].name, "words", 5);
    info.resource[2].kind = RESOURCE_KIND_TEXT;
    info.resource[2].address = 4;
    info.resource[2].bytes = 5;
    memcpy(info.resource[3].name, "ring", 4);
    info.resource[3].kind = RESOURCE_KIND_REGION;
    info.resource[3].address = 0x1000;
    info.resource[3].bytes = 4096;
    return info;
}

static void test_resource__found_by_whole_name_only(void)
{
    struct domain_info info = page();
    CHECK(resource_find(&info, "com1") == &info.resource[0]);
    CHECK(resource_find(&info, "com") == NULL);
    CHECK(resource_find(&info, "com11") == NULL);
    CHECK(resource_find(&info, "exactly-24-bytes-of-name") == &info.resource[1]);
    CHECK(resource_find(&info, "exactly-24-bytes-of-namex") == NULL);
}

static void test_resource__a_wrong_count_stays_in_the_page(void)
{
    struct domain_info info = page();
    info.resource_count = UINT32_MAX;
    CHECK(resource_find(&info, "absent") == NULL);
}

static bool ends(const struct domain_info *info, const char *name, uint16_t kind)
{
    if (setjmp(ended) != 0) {
        return true;
    }
    (void)resource_required(info, name, kind);
    return false;
}

static void test_resource__required_ends_the_domain(void)
{
    struct domain_info info = page();
    CHECK(!ends(&info, "com1", RESOURCE_KIND_IOPORT));
    CHECK(ends(&info, "com1", RESOURCE_KIND_NOTIF));
    CHECK(ends(&info, "com2", RESOURCE_KIND_IOPORT));
    CHECK_EQ(resource_slot(&info, "com1", RESOURCE_KIND_IOPORT), 7);
    CHECK(resource_region(&info, "ring", 4096) == (void *)0x1000);
}

static void test_resource__a_region_too_small_ends_the_domain(void)
{
    struct domain_info info = page();
    volatile bool goes_on = false;
    info.resource[3].bytes = 4095;
    if (setjmp(ended) == 0) {
        (void)resource_region(&info, "ring", 4096);
        goes_on = true;
    }
    CHECK(!goes_on);
}

static void test_resource__numbers_and_texts(void)
{
    struct domain_info info = page();
    uint64_t len = 77;
    CHECK_EQ(resource_number(&info, "exactly-24-bytes-of-name", 1), 99);
    CHECK_EQ(resource_number(&info, "com1", 1), 1);
    const char *text = resource_text(&info, "words", &len);
    CHECK(text != NULL && len == 5 && memcmp(text, "words", 5) == 0);
    info.resource[2].bytes = 1021;
    CHECK(resource_text(&info, "words", &len) == NULL && len == 0);
    info.resource[2].address = UINT64_MAX;
    info.resource[2].bytes = 2;
    CHECK(resource_text(&info, "words", &len) == NULL);
}

int main(void)
{
    RUN(test_resource__found_by_whole_name_only);
    RUN(test_resource__a_wrong_count_stays_in_the_page);
    RUN(test_resource__required_ends_the_domain);
    RUN(test_resource__a_region_too_small_ends_the_domain);
    RUN(test_resource__numbers_and_texts);
    return UNIT_RESULT();
}
