/* The virtio entropy source in front of a processor of this test. */
#include <stdlib.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define DEVICE 4u
#define RINGS 0x100000u
#define DATA 0x120000u
#define WRITE 2u

static struct memory memory;
static struct platform *platform;
static struct driver driver;

static void setup(void)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    fake_pieces(2);
    fake_random_step = 1;
    fake_random_left = UINT32_MAX;
    platform_init(platform, &options);
    bus_attach_entropy(&platform->bus);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, UINT64_MAX, 1, RINGS));
    memset(memory_at(&memory, gpa(DATA), 4096), 0, 4096);
}

static void ask(uint32_t bytes)
{
    driver_descriptor(&driver, 0, 0, DATA, bytes, WRITE, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
}

static void test_entropy__gives_what_the_processor_gives(void)
{
    uint32_t id, len;
    uint64_t words[2];
    setup();
    ask(13);
    CHECK_EQ(driver_used(&driver, 0), 1);
    driver_used_entry(&driver, 0, 0, &id, &len);
    CHECK_EQ(len, 13);
    memcpy(words, driver_at(&driver, DATA), sizeof words);
    CHECK(words[0] != 0 && words[1] != 0 && words[1] >> 40 == 0);
    CHECK(driver_interrupted(&driver, 0x50));
    ask(4096);
    driver_used_entry(&driver, 0, 1, &id, &len);
    CHECK_EQ(len, 256);
}

static void test_entropy__without_numbers_the_device_stops(void)
{
    setup();
    fake_random_left = 0;
    ask(16);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15 | 64);
    CHECK_EQ(*driver_at(&driver, DATA), 0);
}

static void test_entropy__a_processor_without_it_or_stuck_has_no_device(void)
{
    fake_random_step = 1;
    fake_random_left = UINT32_MAX;
    CHECK(virtio_entropy_works(true));
    CHECK(!virtio_entropy_works(false));
    fake_random_step = 0;
    CHECK(!virtio_entropy_works(true));
    fake_random_step = 1;
    fake_random_left = 3;
    CHECK(!virtio_entropy_works(true));
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_entropy__gives_what_the_processor_gives);
    RUN(test_entropy__without_numbers_the_device_stops);
    RUN(test_entropy__a_processor_without_it_or_stuck_has_no_device);
    fake_memory_free(&memory);
    free(platform);
    return UNIT_RESULT();
}
