/* PCI configuration space, the transport and MSI-X, with the entropy source as the device behind them. */
#include <stdlib.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define DEVICE 4u
#define RINGS 0x100000u
#define DATA 0x120000u
#define ALL UINT64_MAX
#define TABLE_AT 0xe0003000u

static struct memory memory;
static struct platform *platform;
static struct driver driver;

static void fresh(void)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    fake_pieces(2);
    fake_random_step = 1;
    fake_random_left = UINT32_MAX;
    platform_init(platform, &options);
    bus_attach_entropy(&platform->bus);
    driver = (struct driver){.platform = platform, .memory = &memory, .device = DEVICE, .io = 0xc300};
}

static void setup(void)
{
    fresh();
    CHECK(driver_start(&driver, platform, &memory, DEVICE, ALL, 1, RINGS));
}

static void ask(void)
{
    driver_descriptor(&driver, 0, 0, DATA, 8, 2, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
}

static uint32_t load(uint64_t address, unsigned size)
{
    return (uint32_t)platform_load(platform, gpa(address), size, 0);
}

static void store(uint64_t address, unsigned size, uint64_t value)
{
    platform_store(platform, gpa(address), size, value, 0);
}

static void test_pci__functions_are_where_they_should_be_and_nowhere_else(void)
{
    fresh();
    for (uint32_t where = 0; where < 65536; where++) {
        platform_out(platform, 0xcf8, 4, 0x80000000u | where << 8, 0);
        uint32_t id = platform_in(platform, 0xcfc, 4, 0);
        CHECK_EQ(id, where == 0 ? 0x00081b36u : where == DEVICE << 3 ? 0x10441af4u : UINT32_MAX);
    }
    CHECK_EQ(driver_config(&driver, 0x08, 4), 0xff000001);
    CHECK_EQ(driver_config(&driver, 0x0e, 1), 0);
    CHECK_EQ(driver_config(&driver, 0x3d, 1), 0); /* no INTx */
}

static void test_pci__bars_are_sized_and_moved(void)
{
    fresh();
    driver_config_write(&driver, 0x10, 4, UINT32_MAX);
    CHECK_EQ(driver_config(&driver, 0x10, 4), 0xff01);
    driver_config_write(&driver, 0x14, 4, UINT32_MAX);
    CHECK_EQ(driver_config(&driver, 0x14, 4), 0xfffff000);
    driver_config_write(&driver, 0x18, 4, UINT32_MAX);
    CHECK_EQ(driver_config(&driver, 0x18, 4), 0);
    driver_config_write(&driver, 0x10, 4, 0xd000);
    CHECK_EQ(platform_in(platform, 0xd014, 1, 0), 0xff); /* not decoded */
    driver_config_write(&driver, 0x04, 2, 1);
    CHECK_EQ(platform_in(platform, 0xd014, 1, 0), 0);
    driver_config_write(&driver, 0x10, 4, 0xd100);
    CHECK_EQ(platform_in(platform, 0xd014, 1, 0), 0xff);
    CHECK_EQ(platform_in(platform, 0xd114, 1, 0), 0);
}

static void test_pci__a_bar_takes_no_other_devices_ports(void)
{
    fresh();
    driver_config_write(&driver, 0x10, 4, 0x0000);
    driver_config_write(&driver, 0x04, 2, 1);
    platform_out(platform, 0x70, 1, 0x0d, 0);
    CHECK_EQ(platform_in(platform, 0x71, 1, 0), 0x80);
    driver_config_write(&driver, 0x10, 4, 0x0300);
    platform_out(platform, 0x3ff, 1, 0x5a, 0);
    CHECK_EQ(platform_in(platform, 0x3ff, 1, 0), 0x5a); /* the UART's scratch register */
    CHECK_EQ(platform_in(platform, 0x314, 1, 0), 0);
    driver_config_write(&driver, 0x10, 4, 0x0600);
    CHECK_EQ(platform_in(platform, 0x3ff, 1, 0), 0x5a);
    CHECK_EQ(platform_in(platform, 0x314, 1, 0), 0xff);
}

/* An empty device structure is none: Linux refuses a device that shows one. */
static void check_capabilities(bool with_config)
{
    uint32_t seen = 0, count = 0;
    CHECK((driver_config(&driver, 0x06, 2) & 0x10) != 0);
    for (uint32_t at = driver_config(&driver, 0x34, 1); at != 0 && count < 16; count++) {
        uint32_t id = driver_config(&driver, at, 1), len = driver_config(&driver, at + 2, 1);
        uint32_t kind = driver_config(&driver, at + 3, 1);
        CHECK_EQ(at % 4, 0);
        if (id == 0x09) {
            seen |= 1u << kind;
            CHECK_EQ(len, kind == 2 || kind == 5 ? 20 : 16);
            CHECK_EQ(driver_config(&driver, at + 4, 1), 0); /* BAR 0 */
            CHECK(driver_config(&driver, at + 8, 4) + driver_config(&driver, at + 12, 4) <= 256);
            CHECK(kind == 5 || driver_config(&driver, at + 12, 4) != 0);
        } else {
            CHECK_EQ(id, 0x11);
            CHECK_EQ(driver_config(&driver, at + 2, 2), 1); /* two vectors */
            CHECK_EQ(driver_config(&driver, at + 4, 4), 1);
            CHECK_EQ(driver_config(&driver, at + 8, 4), 0x801);
        }
        at = driver_config(&driver, at + 1, 1);
    }
    CHECK_EQ(seen, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | (with_config ? 1u << 4 : 0));
    CHECK_EQ(count, with_config ? 6 : 5);
}

static void test_pci__capabilities_name_all_structures(void)
{
    fresh();
    check_capabilities(false);
    platform->bus.pci.function[3].config_bytes = 8;
    check_capabilities(true);
}

static void test_pci__the_window_reaches_bar_0(void)
{
    fresh();
    driver_config_write(&driver, 0x98, 1, 0);
    driver_config_write(&driver, 0x9c, 4, 0x12);
    driver_config_write(&driver, 0xa0, 4, 2);
    CHECK_EQ(driver_config(&driver, 0xa4, 2), 1); /* one queue */
    driver_config_write(&driver, 0x9c, 4, 0x14);
    driver_config_write(&driver, 0xa0, 4, 1);
    driver_config_write(&driver, 0xa4, 1, 3);
    CHECK_EQ(driver_config(&driver, 0xa4, 1), 3);
    driver_config_write(&driver, 0x9c, 4, 256);
    CHECK_EQ(driver_config(&driver, 0xa4, 1), 0);
    driver_config_write(&driver, 0x9c, 4, UINT32_MAX);
    CHECK_EQ(driver_config(&driver, 0xa4, 1), 0);
    driver_config_write(&driver, 0x9c, 4, 0x14);
    driver_config_write(&driver, 0xa0, 4, 3);
    CHECK_EQ(driver_config(&driver, 0xa4, 1), 0);
    driver_config_write(&driver, 0xa0, 4, 1);
    driver_config_write(&driver, 0x98, 1, 1);
    driver_config_write(&driver, 0xa4, 1, 0);
    driver_config_write(&driver, 0x98, 1, 0);
    CHECK_EQ(driver_config(&driver, 0xa4, 1), 3);
}

static void test_virtio__features_that_were_not_offered_are_not_accepted(void)
{
    static const uint64_t wrong[] = {UINT64_C(1) << 32 | 1, UINT64_C(1) << 34, 0, UINT64_C(1) << 28};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        fresh();
        driver_config_write(&driver, 0x04, 2, 7);
        driver_out(&driver, 0x14, 1, 3);
        driver_out(&driver, 8, 4, 0);
        driver_out(&driver, 12, 4, (uint32_t)wrong[i]);
        driver_out(&driver, 8, 4, 1);
        driver_out(&driver, 12, 4, (uint32_t)(wrong[i] >> 32));
        driver_out(&driver, 0x14, 1, 11);
        CHECK_EQ(driver_in(&driver, 0x14, 1), 3);
        driver_out(&driver, 0x14, 1, 15);
        CHECK_EQ(driver_in(&driver, 0x14, 1), 3);
    }
}

static void test_virtio__nothing_runs_before_driver_ok(void)
{
    setup();
    driver_out(&driver, 0x14, 1, 0);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 0);
    ask();
    CHECK_EQ(driver_used(&driver, 0), 0);
    driver_out(&driver, 0x1c, 2, 1); /* a queue before the features */
    CHECK_EQ(driver_in(&driver, 0x14, 1), 64);
    setup();
    driver_config_write(&driver, 0x04, 2, 3); /* no bus master */
    ask();
    CHECK_EQ(driver_used(&driver, 0), 0);
    driver_config_write(&driver, 0x04, 2, 7);
    driver_notify(&driver, 0);
    CHECK_EQ(driver_used(&driver, 0), 1);
}

static void test_virtio__a_broken_queue_stops_its_device_until_it_is_reset(void)
{
    setup();
    driver_descriptor(&driver, 0, 0, UINT64_MAX, 8, 2, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15 | 64);
    CHECK(driver_interrupted(&driver, 0x4f));
    CHECK_EQ(driver_in(&driver, 0x3c, 1), 2); /* ISR: configuration */
    CHECK_EQ(driver_in(&driver, 0x3c, 1), 0);
    CHECK_TEXT(platform->bus.entropy.virtio.broken, "a descriptor outside memory");
    ask();
    ask();
    CHECK_EQ(platform->bus.entropy.virtio.breaks, 1);
    CHECK_EQ(driver_used(&driver, 0), 0);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, ALL, 1, RINGS));
    ask();
    CHECK_EQ(driver_used(&driver, 0), 1);
}

static void test_virtio__an_enabled_queue_does_not_move(void)
{
    setup();
    driver_out(&driver, 0x16, 2, 0);
    driver_out(&driver, 0x20, 4, 0xdead0000);
    driver_out(&driver, 0x18, 2, 4);
    CHECK_EQ(driver_in(&driver, 0x20, 4), RINGS);
    CHECK_EQ(driver_in(&driver, 0x18, 2), DRIVER_QUEUE_SIZE);
    CHECK_EQ(driver_in(&driver, 0x1c, 2), 1);
    driver_out(&driver, 0x16, 2, 1); /* there is no second one */
    CHECK_EQ(driver_in(&driver, 0x18, 2), 0);
    driver_out(&driver, 0x1c, 2, 1);
    driver_notify(&driver, 1);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15);
}

static void test_virtio__vectors_that_are_not_there_read_back_as_none(void)
{
    setup();
    driver_out(&driver, 0x10, 2, 2);
    CHECK_EQ(driver_in(&driver, 0x10, 2), 0xffff);
    driver_out(&driver, 0x16, 2, 0);
    driver_out(&driver, 0x1a, 2, 7);
    CHECK_EQ(driver_in(&driver, 0x1a, 2), 0xffff);
    ask();
    CHECK_EQ(driver_used(&driver, 0), 1);
    CHECK(!driver_interrupted(&driver, 0x50));
    CHECK_EQ(driver_in(&driver, 0x3c, 1), 1);
}

static void test_msix__masked_messages_wait(void)
{
    setup();
    store(TABLE_AT + 16 + 12, 4, 1);
    ask();
    CHECK(!driver_interrupted(&driver, 0x50));
    CHECK_EQ(load(TABLE_AT + 0x800, 4), 2);
    CHECK_EQ(platform_load(platform, gpa(TABLE_AT + 0x800), 8, 0), 2);
    store(TABLE_AT + 16 + 12, 4, 0);
    CHECK(driver_interrupted(&driver, 0x50));
    CHECK_EQ(load(TABLE_AT + 0x800, 4), 0);
    driver_config_write(&driver, 0x42, 2, 0xc000);
    driver_set_used_event(&driver, 0, 1);
    ask();
    CHECK(!driver_interrupted(&driver, 0x50));
    driver_config_write(&driver, 0x42, 2, 0x8000);
    CHECK(driver_interrupted(&driver, 0x50));
}

static void test_msix__only_messages_to_this_processor_arrive(void)
{
    static const struct {
        uint32_t low, high, data;
    } nowhere[] = {{0xfed00000, 0, 0x50},
                   {0xfee00000, 1, 0x50},
                   {0xfee05000, 0, 0x50},
                   {0xfee00000, 0, 0x250},
                   {0x00001000, 0, 0x50}};
    for (size_t i = 0; i < ARRAY_COUNT(nowhere); i++) {
        setup();
        store(TABLE_AT + 16, 8, nowhere[i].low | (uint64_t)nowhere[i].high << 32);
        store(TABLE_AT + 24, 4, nowhere[i].data);
        ask();
        CHECK_EQ(driver_used(&driver, 0), 1);
        CHECK(!driver_interrupted(&driver, 0x50));
    }
    setup();
    store(TABLE_AT + 24, 4, 0x450);
    ask();
    CHECK(platform->lapic.nmi);
}

static void test_msix__the_page_refuses_what_is_no_register(void)
{
    setup();
    uint64_t unknown = platform->unknown_memory;
    store(TABLE_AT + 24, 1, 0x77);
    store(TABLE_AT + 26, 4, 0x77);
    CHECK_EQ(platform->unknown_memory, unknown + 2);
    CHECK_EQ(load(TABLE_AT + 24, 4), 0x50);
    store(TABLE_AT + 32, 4, 0x77); /* beyond the table, and the pending bits are read-only */
    store(TABLE_AT + 64 + 8, 4, 0x77);
    CHECK_EQ(load(TABLE_AT + 8, 4), 0x4f);
    store(TABLE_AT + 0x800, 4, 0x77);
    CHECK_EQ(load(TABLE_AT + 32, 4), 0);
    CHECK_EQ(load(TABLE_AT + 0x800, 4), 0);
    CHECK_EQ(load(TABLE_AT + 0xffc, 4), 0);
    driver_config_write(&driver, 0x04, 2, 5); /* memory off */
    CHECK_EQ(load(TABLE_AT + 24, 4), UINT32_MAX);
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_pci__functions_are_where_they_should_be_and_nowhere_else);
    RUN(test_pci__bars_are_sized_and_moved);
    RUN(test_pci__a_bar_takes_no_other_devices_ports);
    RUN(test_pci__capabilities_name_all_structures);
    RUN(test_pci__the_window_reaches_bar_0);
    RUN(test_virtio__features_that_were_not_offered_are_not_accepted);
    RUN(test_virtio__nothing_runs_before_driver_ok);
    RUN(test_virtio__a_broken_queue_stops_its_device_until_it_is_reset);
    RUN(test_virtio__an_enabled_queue_does_not_move);
    RUN(test_virtio__vectors_that_are_not_there_read_back_as_none);
    RUN(test_msix__masked_messages_wait);
    RUN(test_msix__only_messages_to_this_processor_arrive);
    RUN(test_msix__the_page_refuses_what_is_no_register);
    fake_memory_free(&memory);
    free(platform);
    return UNIT_RESULT();
}
