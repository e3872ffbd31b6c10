/* The port map and the small devices behind it. */
#include <stdlib.h>

#include "platform.h"
#include "unit.h"

static struct platform *platform;

static void setup(void)
{
    struct platform_options options = {
        .boot_s = 1767225600, .ram_below_4g = UINT64_C(256) << 20, .debug_exit_port = 0xf4};
    free(platform);
    platform = malloc(sizeof *platform);
    platform_init(platform, &options);
}

static uint32_t in(uint16_t port, unsigned size)
{
    return platform_in(platform, port, size, UINT64_C(5000000000));
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
    platform_out(platform, port, size, value, UINT64_C(5000000000));
}

static void test_ports__ranges_do_not_overlap_except_reset(void)
{
    size_t count;
    const struct port_range *ranges = platform_ports(&count);
    for (size_t i = 0; i < count; i++) {
        CHECK(ranges[i].first <= ranges[i].last);
        for (size_t j = i + 1; j < count; j++) {
            bool overlap = ranges[i].first <= ranges[j].last && ranges[j].first <= ranges[i].last;
            CHECK(!overlap || ranges[j].first == PM_PORT_RESET);
        }
    }
}

static void test_ports__unknown_ones_read_ones_and_are_counted(void)
{
    setup();
    CHECK_EQ(in(0x1234, 1), 0xff);
    CHECK_EQ(in(0x1234, 2), 0xffff);
    CHECK_EQ(in(0x1234, 4), UINT32_MAX);
    CHECK_EQ(in(0xffff, 4) & 0xff, 0xff);
    uint64_t before = platform->unknown_ports;
    out(0x4321, 1, 1);
    CHECK_EQ(platform->unknown_ports, before + 1);
    CHECK_EQ(platform->last_unknown_port, 0x4321);
    out(0x80, 1, 1);
    CHECK_EQ(platform->unknown_ports, before + 1);
}

static void test_ports__rtc_tells_the_time(void)
{
    static const uint8_t expected[][2] = {{0x00, 0x05}, {0x02, 0},   {0x04, 0},    {0x06, 5},
                                          {0x07, 1},    {0x08, 1},   {0x09, 0x26}, {0x32, 0x20},
                                          {0x0a, 0x26}, {0x0d, 0x80}};
    setup();
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        out(0x70, 1, expected[i][0]);
        CHECK_EQ(in(0x71, 1), expected[i][1]);
    }
    struct rtc rtc;
    rtc_init(&rtc, 951782399, 1 << 20, 0); /* 2000-02-28 23:59:59 */
    rtc_write(&rtc, 0, 7);
    CHECK_EQ(rtc_read(&rtc, 1, 0), 0x28);
    CHECK_EQ(rtc_read(&rtc, 1, UINT64_C(1000000000)), 0x29);
}

static void test_ports__pm_timer_counts_and_control_powers_off(void)
{
    setup();
    CHECK_EQ(in(PM_PORT_TIMER, 4), 17897725);
    CHECK_EQ(in(PM_PORT_CONTROL, 2), 1);
    out(PM_PORT_CONTROL, 2, 0x2000); /* S0: nothing */
    CHECK_EQ(platform->pm.request, PM_REQUEST_NONE);
    out(PM_PORT_CONTROL, 2, 0x2000 | PM_SLEEP_S5 << 10);
    CHECK_EQ(platform->pm.request, PM_REQUEST_POWER_OFF);
}

static void test_ports__every_way_to_reset(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } ways[] = {{0xcf9, 6}, {0x64, 0xfe}, {0x92, 1}};
    for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
        setup();
        out(ways[i].port, 1, ways[i].value);
        CHECK_EQ(platform->pm.request, PM_REQUEST_RESET);
    }
    setup();
    out(0xcf9, 1, 2);
    out(0x64, 1, 0xd1);
    CHECK_EQ(platform->pm.request, PM_REQUEST_NONE);
}

static void test_ports__pci_bus_holds_a_bridge_and_nothing_else(void)
{
    setup();
    out(0xcf8, 4, 0x80000000);
    CHECK_EQ(in(0xcf8, 4), 0x80000000);
    CHECK_EQ(in(0xcfc, 4), 0x00081b36);
    CHECK_EQ(in(0xcfe, 2), 0x0008);
    for (uint32_t device = 1; device < 65536; device++) {
        out(0xcf8, 4, 0x80000000 | device << 8);
        CHECK_EQ(in(0xcfc, 4), UINT32_MAX);
    }
    out(0xcf8, 4, 0);
    CHECK_EQ(in(0xcfc, 4), UINT32_MAX);
    CHECK_EQ(in(0xcff, 4), UINT32_MAX); /* runs over the end */
}

static void test_ports__debug_exit_only_where_described(void)
{
    setup();
    out(0xf4, 4, 0x12345678);
    CHECK(platform->debugexit.written);
    CHECK_EQ(platform->debugexit.value, 0x12345678);
    struct platform_options options = {0};
    platform_init(platform, &options);
    out(0xf4, 4, 1);
    CHECK(!platform->debugexit.written);
}

static void test_ports__all_of_them_at_every_size(void)
{
    static const unsigned sizes[] = {1, 2, 4};
    setup();
    for (uint32_t port = 0; port < 65536; port++) {
        for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
            CHECK_EQ(in((uint16_t)port, sizes[s]) & ~mask_bytes(sizes[s]), 0);
            out((uint16_t)port, sizes[s], UINT32_MAX);
        }
    }
}

static void test_memory_ports__unknown_addresses_read_ones(void)
{
    setup();
    CHECK_EQ(platform_load(platform, gpa(0xd0000000), 4, 0), UINT32_MAX);
    CHECK_EQ(platform->unknown_memory, 1);
    CHECK_EQ(platform_load(platform, gpa(LAPIC_PAGE + LAPIC_VERSION), 4, 0), 0x50014);
    CHECK_EQ(platform_load(platform, gpa(LAPIC_PAGE + LAPIC_VERSION + 2), 1, 0), 5);
    CHECK(lapic_write_base(&platform->lapic, LAPIC_PAGE | 0xd00));
    CHECK_EQ(platform_load(platform, gpa(LAPIC_PAGE + LAPIC_VERSION), 4, 0),
             UINT32_MAX); /* x2APIC: no page */
}

int main(void)
{
    RUN(test_ports__ranges_do_not_overlap_except_reset);
    RUN(test_ports__unknown_ones_read_ones_and_are_counted);
    RUN(test_ports__rtc_tells_the_time);
    RUN(test_ports__pm_timer_counts_and_control_powers_off);
    RUN(test_ports__every_way_to_reset);
    RUN(test_ports__pci_bus_holds_a_bridge_and_nothing_else);
    RUN(test_ports__debug_exit_only_where_described);
    RUN(test_ports__all_of_them_at_every_size);
    RUN(test_memory_ports__unknown_addresses_read_ones);
    free(platform);
    return UNIT_RESULT();
}
