/* What blkvirt makes of its description, and which ones it does not believe. */
#include <setjmp.h>
#include <stdlib.h>

#include <bulkhead/domain.h>
#include <log.h>
#include <panic.h>

#include "setup.h"
#include "unit.h"

static struct domain_info info;
static struct blkvirt blkvirt;
static struct block_channel pages[4];
static jmp_buf ended;

void log_line(const char *format, ...)
{
    (void)format;
}

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    longjmp(ended, 1);
}

void bell_ring(const struct bell *bell)
{
    (void)bell;
}

static struct resource *add(const char *name, uint16_t kind)
{
    struct resource *resource = &info.resource[info.resource_count++];
    *resource = (struct resource){.kind = kind, .slot = info.resource_count};
    for (unsigned i = 0; i < sizeof resource->name && name[i] != 0; i++)
        resource->name[i] = (uint8_t)name[i];
    return resource;
}

static void add_region(const char *name, unsigned page)
{
    struct resource *resource = add(name, RESOURCE_KIND_REGION);
    resource->address = (uint64_t)(uintptr_t)&pages[page];
    resource->bytes = sizeof pages[page];
}

static struct resource *add_tenant(const char *info_name, const char *channel, const char *bell,
                                   unsigned page)
{
    add_region(channel, page);
    add(bell, RESOURCE_KIND_NOTIF)->extra = 0x10;
    struct resource *window = add(info_name, RESOURCE_KIND_NUMBER);
    window->address = 2048u + 4096u * page;
    window->bytes = 4096;
    window->extra = UINT64_C(0x1000000000) + page * (uint64_t)BLOCK_LIMITS_POOL_BYTES;
    return window;
}

/* Two tenants; the window of the second one. */
static struct resource *describe(void)
{
    memset(&info, 0, sizeof info);
    memset(&blkvirt, 0, sizeof blkvirt);
    memset(pages, 0, sizeof pages);
    info.tsc_khz = 1000;
    add("endpoint", RESOURCE_KIND_ENDPOINT);
    add("bell", RESOURCE_KIND_NOTIF);
    add("attention", RESOURCE_KIND_NOTIF)->extra = 0x400;
    add_region("blockdev", 3);
    add("blockdev-bell", RESOURCE_KIND_NOTIF)->extra = 0x20;
    add_tenant("block-info-a", "block-a", "block-bell-a", 0)->count = 1;
    return add_tenant("block-info-ten-letters", "block-ten-letters", "block-bell-ten-letters", 1);
}

static bool believed(void)
{
    if (setjmp(ended) != 0)
        return false;
    setup(&blkvirt, &info);
    return true;
}

static void test_setup__tenants_are_those_of_the_description(void)
{
    (void)describe();
    CHECK(believed());
    CHECK_EQ(blkvirt.tenants, 2);
    CHECK(memcmp(blkvirt.tenant[0].name, "a\0", 2) == 0);
    CHECK_EQ(blkvirt.tenant[0].read_only, true);
    CHECK_EQ(blkvirt.tenant[0].first, 2048);
    CHECK_EQ(blkvirt.tenant[0].sectors, 4096);
    CHECK_EQ(blkvirt.tenant[0].pool, 0x1000000000);
    CHECK_EQ(blkvirt.tenant[0].bell.bits, 0x10);
    CHECK(memcmp(blkvirt.tenant[1].name, "ten-letters\0", 12) == 0);
    CHECK_EQ(blkvirt.tenant[1].read_only, false);
    CHECK(blkvirt.tenant[1].server.channel == &pages[1]);
    CHECK_EQ(blkvirt.device.bell.bits, 0x20);
    CHECK_EQ(blkvirt.attention.bits, 0x400);
}

static void test_setup__shared_sectors_are_not_believed(void)
{
    struct resource *window = describe();
    window->address--;
    CHECK(!believed());
    window = describe();
    window->bytes = UINT64_MAX - window->address + 1;
    CHECK(!believed());
    window = describe();
    window->bytes = UINT64_MAX / 512;
    CHECK(!believed());
}

static void test_setup__a_shared_pool_is_not_believed(void)
{
    struct resource *window = describe();
    window->extra--;
    CHECK(!believed());
}

static void test_setup__what_is_missing_ends_it(void)
{
    for (unsigned missing = 0; missing < 11; missing++) {
        (void)describe();
        const bool attention = missing == 2, window = missing == 7 || missing == 10;
        info.resource[missing].name[0] = '-';
        CHECK_EQ(believed(), attention || window);
        if (window)
            CHECK_EQ(blkvirt.tenants, 1); /* a tenant is where its window is */
    }
}

static void test_setup__a_small_channel_is_not_believed(void)
{
    (void)describe();
    info.resource[5].bytes = sizeof(struct block_channel) - 1;
    CHECK(!believed());
}

int main(void)
{
    RUN(test_setup__tenants_are_those_of_the_description);
    RUN(test_setup__shared_sectors_are_not_believed);
    RUN(test_setup__a_shared_pool_is_not_believed);
    RUN(test_setup__what_is_missing_ends_it);
    RUN(test_setup__a_small_channel_is_not_believed);
    return UNIT_RESULT();
}
