/* The virtio disk between a driver and a server, both of this test. */
#include <stdlib.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define DISK_SECTORS 2048u
#define DEVICE 1u
#define RINGS 0x100000u
#define HEADER 0x110000u
#define DATA 0x120000u
#define STATUS 0x140000u
#define TABLE 0x150000u
#define ALL UINT64_MAX

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };

static struct memory memory;
static struct platform *platform;
static struct driver driver;
static struct block_channel channel;
static struct block_server server;
static uint8_t *pool;

static void serve(enum channel_state state)
{
    struct block_geometry geometry = {
        .sectors = DISK_SECTORS, .block_bytes = 4096, .features = 0x1f, .serial = "disk-7"};
    block_server_geometry(&server, &geometry);
    block_server_state(&server, state);
}

static void setup_with(uint64_t features, bool read_only)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    struct virtio_block_options block = {&channel, pool, DISK_SECTORS, read_only};
    fake_pieces(2);
    memset(memory_at(&memory, gpa(DATA), STATUS - DATA), 0, STATUS - DATA);
    memset(&channel, 0, sizeof channel);
    platform_init(platform, &options);
    block_server_open(&server, &channel);
    serve(CHANNEL_STATE_READY);
    virtio_block_open(&platform->bus.block, &block);
    bus_attach_block(&platform->bus);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, features, 1, RINGS));
}

static void setup(void)
{
    setup_with(ALL, false);
}

static void header(uint32_t slot, uint32_t type, uint64_t sector)
{
    uint32_t words[4] = {type, 0, (uint32_t)sector, (uint32_t)(sector >> 32)};
    memcpy(driver_at(&driver, HEADER + 16 * slot), words, sizeof words);
    *driver_at(&driver, STATUS + slot) = 0xee;
}

/* Request number @n of three descriptors, its data at DATA + n * 4096. */
static void ask_bytes(uint16_t n, uint32_t type, uint64_t sector, uint32_t bytes)
{
    uint16_t first = (uint16_t)(3 * n);
    header(n, type, sector);
    driver_descriptor(&driver, 0, first, HEADER + 16u * n, 16, NEXT, (uint16_t)(first + 1));
    driver_descriptor(&driver, 0, first + 1u, DATA + 4096u * n, bytes,
                      NEXT | (type == OUT || type > GET_ID ? 0 : WRITE), (uint16_t)(first + 2));
    driver_descriptor(&driver, 0, first + 2u, STATUS + n, 1, WRITE, 0);
    if (bytes == 0) {
        driver_descriptor(&driver, 0, first, HEADER + 16u * n, 16, NEXT, (uint16_t)(first + 2));
    }
    driver_offer(&driver, 0, first);
}

static void ask(uint16_t n, uint32_t type, uint64_t sector, uint32_t bytes)
{
    ask_bytes(n, type, sector, bytes);
    driver_notify(&driver, 0);
}

static uint8_t status(uint32_t n)
{
    return *driver_at(&driver, STATUS + n);
}

static bool take(struct block_request *request)
{
    return block_server_take(&server, request);
}

static void finish(const struct block_request *request, enum block_status how)
{
    block_server_complete(&server, request->id, how);
    (void)block_server_publish(&server);
    bus_work(&platform->bus);
}

static void test_block__a_read_brings_the_servers_bytes(void)
{
    struct block_request request;
    uint32_t id, len;
    setup();
    ask(0, IN, 100, 4096);
    CHECK(platform->bus.block.signal);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_READ);
    CHECK_EQ(request.sector, 100);
    CHECK_EQ(request.sectors, 8);
    CHECK_EQ(request.data, request.id * UINT64_C(65536));
    memset(pool + request.data, 0x5a, 4096);
    CHECK_EQ(driver_used(&driver, 0), 0);
    finish(&request, BLOCK_STATUS_OK);
    CHECK_EQ(status(0), 0);
    CHECK_EQ(*driver_at(&driver, DATA), 0x5a);
    CHECK_EQ(*driver_at(&driver, DATA + 4095), 0x5a);
    CHECK_EQ(*driver_at(&driver, DATA + 4096), 0);
    CHECK_EQ(driver_used(&driver, 0), 1);
    driver_used_entry(&driver, 0, 0, &id, &len);
    CHECK_EQ(id, 0);
    CHECK_EQ(len, 4097);
    CHECK(driver_interrupted(&driver, 0x50));
}

/* A server that stands above answers inside the call that rings: that is no reason to ring back. */
static void test_block__a_signal_is_asked_for_behind_the_servers_bell(void)
{
    struct block_request request;
    setup();
    ask(0, IN, 100, 4096);
    CHECK(take(&request));
    finish(&request, BLOCK_STATUS_OK);
    (void)virtio_block_listen(&platform->bus.block);
    CHECK(block_server_sleep(&server));
    ask(1, IN, 200, 4096);
    CHECK(platform->bus.block.signal);
    CHECK(take(&request));
    block_server_complete(&server, request.id, BLOCK_STATUS_OK);
    CHECK(!block_server_publish(&server));
    CHECK(!virtio_block_listen(&platform->bus.block)); /* there is one already */
    CHECK(!platform->bus.block.signal);
    bus_work(&platform->bus);
    CHECK_EQ(driver_used(&driver, 0), 2);
    CHECK(block_server_sleep(&server));
    ask(2, IN, 300, 4096);
    CHECK(virtio_block_listen(&platform->bus.block));
    CHECK(take(&request));
    block_server_complete(&server, request.id, BLOCK_STATUS_OK);
    CHECK(block_server_publish(&server));
}

static void test_block__a_write_carries_the_guests_bytes(void)
{
    struct block_request request;
    setup();
    memset(driver_at(&driver, DATA), 0xa5, 4096);
    ask(0, OUT, 8, 4096);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_WRITE);
    CHECK_EQ(pool[request.data], 0xa5);
    CHECK_EQ(pool[request.data + 4095], 0xa5);
    finish(&request, BLOCK_STATUS_OK);
    CHECK_EQ(status(0), 0);
    CHECK(!take(&request)); /* FLUSH was accepted: none by itself */
}

static void test_block__without_the_flush_feature_a_write_is_flushed(void)
{
    struct block_request request;
    setup_with(ALL & ~(UINT64_C(1) << 9), false);
    ask(0, OUT, 8, 4096);
    CHECK(take(&request));
    finish(&request, BLOCK_STATUS_OK);
    CHECK_EQ(status(0), 0xee);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_FLUSH);
    finish(&request, BLOCK_STATUS_OK);
    CHECK_EQ(status(0), 0);
}

static void test_block__flush_discard_zeroes_and_name(void)
{
    struct block_request request;
    uint64_t range[2] = {64, 16};
    setup();
    ask(0, FLUSH, 0, 0);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_FLUSH);
    finish(&request, BLOCK_STATUS_OK);
    memcpy(driver_at(&driver, DATA + 4096), range, 16);
    ask(1, DISCARD, 0, 16);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_DISCARD);
    CHECK_EQ(request.sector, 64);
    CHECK_EQ(request.sectors, 16);
    finish(&request, BLOCK_STATUS_OK);
    range[1] |= UINT64_C(1) << 32; /* may unmap */
    memcpy(driver_at(&driver, DATA + 8192), range, 16);
    ask(2, WRITE_ZEROES, 0, 16);
    CHECK(take(&request));
    CHECK_EQ(request.op, BLOCK_OP_WRITE_ZEROES);
    finish(&request, BLOCK_STATUS_OK);
    ask(3, GET_ID, 0, 20);
    CHECK(!take(&request));
    CHECK(memcmp(driver_at(&driver, DATA + 3 * 4096), "disk-7", 7) == 0);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_EQ(status(i), 0);
    }
}

static void test_block__what_is_not_allowed_fails_at_once(void)
{
    struct block_request request;
    uint64_t range[2] = {0, UINT64_C(2) << 32 | 8};
    setup();
    ask(0, IN, DISK_SECTORS - 1, 1024);
    ask(1, IN, UINT64_MAX, 512);
    ask(2, OUT, 0, 511);
    ask(3, 77, 0, 512);
    memcpy(driver_at(&driver, DATA + 4 * 4096), range, 16);
    ask(4, DISCARD, 0, 16); /* a flag that is not known */
    CHECK_EQ(status(0), 1);
    CHECK_EQ(status(1), 1);
    CHECK_EQ(status(2), 1);
    CHECK_EQ(status(3), 2);
    CHECK_EQ(status(4), 2);
    CHECK(!take(&request));
    CHECK_EQ(driver_used(&driver, 0), 5);
    setup_with(ALL, true);
    ask(0, OUT, 0, 512);
    CHECK_EQ(status(0), 1);
    CHECK((driver.features & 1u << 5) != 0);
    CHECK_EQ(driver.features & (1u << 13 | 1u << 14), 0);
    setup();
    range[0] = DISK_SECTORS - 4;
    range[1] = 8;
    memcpy(driver_at(&driver, DATA), range, 16);
    ask(0, WRITE_ZEROES, 0, 16);
    CHECK_EQ(status(0), 1);
    CHECK(!take(&request));
}

static void test_block__a_request_larger_than_a_slot_fails(void)
{
    struct block_request request;
    setup();
    header(0, IN, 0);
    driver_descriptor(&driver, 0, 0, HEADER, 16, NEXT, 1);
    driver_descriptor(&driver, 0, 1, DATA, 65536 + 512, NEXT | WRITE, 2);
    driver_descriptor(&driver, 0, 2, STATUS, 1, WRITE, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
    CHECK_EQ(status(0), 1);
    CHECK(!take(&request));
}

static void test_block__errors_reach_the_guest(void)
{
    static const struct {
        enum block_status from;
        uint8_t to;
    } map[] = {{BLOCK_STATUS_IO_ERROR, 1},
               {BLOCK_STATUS_UNSUPPORTED, 2},
               {BLOCK_STATUS_RANGE, 1},
               {BLOCK_STATUS_READ_ONLY, 1},
               {(enum block_status)200, 1}};
    struct block_request request;
    for (uint32_t i = 0; i < ARRAY_COUNT(map); i++) {
        setup();
        ask(0, IN, 0, 512);
        CHECK(take(&request));
        memset(pool + request.data, 0x77, 512);
        finish(&request, map[i].from);
        CHECK_EQ(status(0), map[i].to);
        CHECK_EQ(*driver_at(&driver, DATA), 0);
    }
}

static void restart_server(enum channel_state state)
{
    uint32_t epoch = channel.epoch + 1;
    memset(&channel, 0, sizeof channel);
    channel.epoch = epoch;
    block_server_open(&server, &channel);
    if (state != CHANNEL_STATE_STARTING) {
        serve(state);
    }
    bus_work(&platform->bus);
}

static void test_block__a_new_server_gets_everything_again_in_order(void)
{
    struct block_request request;
    setup();
    memset(driver_at(&driver, DATA), 0x11, 4096);
    for (uint16_t i = 0; i < 4; i++) {
        ask(i, i % 2 == 0 ? OUT : IN, 10u * i, 512);
    }
    CHECK(take(&request));
    finish(&request, BLOCK_STATUS_OK); /* the first is done */
    memset(driver_at(&driver, DATA + 2 * 4096), 0x22, 512);
    restart_server(CHANNEL_STATE_STARTING);
    CHECK(!take(&request));
    serve(CHANNEL_STATE_READY);
    bus_work(&platform->bus);
    for (uint64_t i = 1; i < 4; i++) {
        CHECK(take(&request));
        CHECK_EQ(request.sector, 10 * i);
        if (i == 2) {
            CHECK_EQ(pool[request.data], 0x22); /* copied again */
        }
        finish(&request, BLOCK_STATUS_OK);
        CHECK_EQ(status((uint32_t)i), 0);
    }
    CHECK(!take(&request));
    CHECK_EQ(driver_used(&driver, 0), 4);
    CHECK_EQ(platform->bus.block.resubmitted, 3);
}

static void test_block__a_parked_server_means_errors_until_a_new_one(void)
{
    struct block_request request;
    setup();
    ask(0, IN, 0, 512);
    CHECK(take(&request));
    block_server_state(&server, CHANNEL_STATE_PARKED);
    bus_work(&platform->bus);
    CHECK_EQ(status(0), 1);
    ask(1, IN, 0, 512);
    CHECK_EQ(status(1), 1);
    memset(pool + request.data, 0x99, 512);
    finish(&request, BLOCK_STATUS_OK); /* too late: the guest has its answer */
    CHECK_EQ(driver_used(&driver, 0), 2);
    CHECK_EQ(*driver_at(&driver, DATA), 0);
    restart_server(CHANNEL_STATE_READY);
    ask(2, IN, 0, 512);
    CHECK(take(&request));
    finish(&request, BLOCK_STATUS_OK);
    CHECK_EQ(status(2), 0);
}

static void test_block__a_reset_guest_is_not_written_to_and_its_slots_are_not_reused(void)
{
    struct block_request old, fresh;
    setup();
    ask(0, IN, 0, 512);
    CHECK(take(&old));
    driver_out(&driver, 0x14, 1, 0);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, ALL, 1, RINGS));
    ask(1, OUT, 8, 512);
    CHECK(take(&fresh));
    CHECK(fresh.id != old.id);
    memset(pool + old.data, 0x66, 512);
    finish(&old, BLOCK_STATUS_OK);
    CHECK_EQ(driver_used(&driver, 0), 0);
    CHECK_EQ(*driver_at(&driver, DATA), 0);
    finish(&fresh, BLOCK_STATUS_OK);
    CHECK_EQ(driver_used(&driver, 0), 1);
    CHECK_EQ(platform->bus.block.free, UINT64_MAX);
}

static void test_block__abandoned_slots_wait_for_a_ready_server(void)
{
    struct block_request request;
    setup();
    ask(0, IN, 0, 512);
    CHECK(take(&request));
    driver_out(&driver, 0x14, 1, 0);
    restart_server(CHANNEL_STATE_STARTING);
    CHECK(platform->bus.block.free != UINT64_MAX);
    serve(CHANNEL_STATE_READY);
    bus_work(&platform->bus);
    CHECK_EQ(platform->bus.block.free, UINT64_MAX);
}

static void test_block__completions_nobody_asked_for_are_counted(void)
{
    struct block_request request;
    setup();
    ask(0, IN, 0, 512);
    ask(1, IN, 8, 512);
    CHECK(take(&request));
    block_server_complete(&server, 63, BLOCK_STATUS_OK);
    (void)block_server_publish(&server);
    bus_work(&platform->bus);
    CHECK_EQ(platform->bus.block.unknown_completions, 1);
    block_server_complete(&server, (uint16_t)(request.id + BLOCK_LIMITS_SLOTS), BLOCK_STATUS_OK);
    (void)block_server_publish(&server);
    bus_work(&platform->bus);
    CHECK_EQ(platform->bus.block.unknown_completions, 2);
    CHECK_EQ(driver_used(&driver, 0), 0);
    CHECK_EQ(status(0), 0xee);
}

static void test_block__a_request_without_header_or_status_stops_the_device(void)
{
    setup();
    driver_descriptor(&driver, 0, 0, HEADER, 8, NEXT, 1);
    driver_descriptor(&driver, 0, 1, STATUS, 1, WRITE, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15 | 64);
    CHECK(driver_interrupted(&driver, 0x4f));
    CHECK_EQ(platform->bus.block.virtio.breaks, 1);
    ask(1, IN, 0, 512);
    CHECK_EQ(status(1), 0xee);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, ALL, 1, RINGS));
    ask(2, GET_ID, 0, 20);
    CHECK_EQ(status(2), 0);
    header(0, FLUSH, 0);
    driver_descriptor(&driver, 0, 0, HEADER, 16, 0, 0);
    driver_offer(&driver, 0, 0);
    driver_notify(&driver, 0);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15 | 64);
}

static void test_block__sixty_four_are_in_flight_and_the_rest_waits(void)
{
    struct block_request request;
    uint32_t seen = 0;
    setup();
    /* One read of the first descriptors, offered again and again: the device does not mind. */
    ask_bytes(0, IN, 0, 512);
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 16; i++) {
            if (round != 0 || i != 0) {
                driver_offer(&driver, 0, 0);
            }
        }
        driver_notify(&driver, 0);
    }
    while (take(&request)) {
        seen++;
        CHECK(request.id < 64);
    }
    CHECK_EQ(seen, 64);
    CHECK_EQ(platform->bus.block.free, 0);
    request.id = 0;
    finish(&request, BLOCK_STATUS_OK);
    CHECK(take(&request));
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    pool = calloc(1, BLOCK_LIMITS_POOL_BYTES);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_block__a_read_brings_the_servers_bytes);
    RUN(test_block__a_signal_is_asked_for_behind_the_servers_bell);
    RUN(test_block__a_write_carries_the_guests_bytes);
    RUN(test_block__without_the_flush_feature_a_write_is_flushed);
    RUN(test_block__flush_discard_zeroes_and_name);
    RUN(test_block__what_is_not_allowed_fails_at_once);
    RUN(test_block__a_request_larger_than_a_slot_fails);
    RUN(test_block__errors_reach_the_guest);
    RUN(test_block__a_new_server_gets_everything_again_in_order);
    RUN(test_block__a_parked_server_means_errors_until_a_new_one);
    RUN(test_block__a_reset_guest_is_not_written_to_and_its_slots_are_not_reused);
    RUN(test_block__abandoned_slots_wait_for_a_ready_server);
    RUN(test_block__completions_nobody_asked_for_are_counted);
    RUN(test_block__a_request_without_header_or_status_stops_the_device);
    RUN(test_block__sixty_four_are_in_flight_and_the_rest_waits);
    fake_memory_free(&memory);
    free(pool);
    free(platform);
    return UNIT_RESULT();
}
