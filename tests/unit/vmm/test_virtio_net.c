/* The virtio network card between a driver and a server, both of this test. */
#include <stdlib.h>

#include <bulkhead/block.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define DEVICE 2u
#define RINGS 0x100000u
#define DATA 0x120000u
#define DATA_BYTES 0x20000u
#define ALL UINT64_MAX
#define GUEST_CSUM (UINT64_C(1) << 1)
#define MRG_RXBUF (UINT64_C(1) << 15)
#define HEADER_BYTES 12u

enum { RX, TX };
enum { NEXT = 1, WRITE = 2 };

static struct memory memory;
static struct platform *platform;
static struct driver driver;
static struct net_channel channel;
static struct netlink server;
static uint8_t *pool;

static void setup_card(uint64_t features, bool merge)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    struct virtio_net_options net = {&channel, pool, UINT64_C(0x010000484202), merge};
    fake_pieces(2);
    memset(memory_at(&memory, gpa(DATA), DATA_BYTES), 0, DATA_BYTES);
    memset(&channel, 0, sizeof channel);
    platform_init(platform, &options);
    netlink_open_net(&server, &channel, NETLINK_END_B);
    channel.state = CHANNEL_STATE_READY;
    channel.link = 1;
    virtio_net_open(&platform->bus.net, &net);
    bus_attach_net(&platform->bus);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, features, 2, RINGS));
    platform->bus.net.signal = false;
}

static void setup_with(uint64_t features)
{
    setup_card(features, true);
}

static void setup(void)
{
    setup_with(ALL);
}

static uint64_t buffer(uint32_t n)
{
    return DATA + 2048u * n;
}

/* One frame of @bytes whose bytes are @fill, header in front, in one descriptor. */
static void transmit(uint16_t n, uint32_t bytes, uint8_t fill)
{
    memset(driver_at(&driver, buffer(n)), 0, HEADER_BYTES);
    memset(driver_at(&driver, buffer(n) + HEADER_BYTES), fill, bytes);
    driver_descriptor(&driver, TX, n, buffer(n), HEADER_BYTES + bytes, 0, 0);
    driver_offer(&driver, TX, n);
    driver_notify(&driver, TX);
}

static void give_buffer(uint16_t n, uint32_t bytes)
{
    driver_descriptor(&driver, RX, n, buffer(n), bytes, WRITE, 0);
    driver_offer(&driver, RX, n);
}

/* The server puts a frame into the ring. */
static void arrive(uint16_t bytes, uint8_t fill)
{
    struct netring *ring = &server.receive;
    memset(pool + netring_receive_offset(ring->position), fill, bytes < 2048 ? bytes : 2048);
    channel.receive[netring_index(ring->position)] = (struct net_frame){.len = bytes};
    ring->position++;
    (void)netring_publish(ring);
}

static void work(void)
{
    while (bus_work(&platform->bus)) {
    }
}

static void test_net__configuration_says_address_link_and_mtu(void)
{
    static const uint8_t expected[12] = {0x02, 0x42, 0x48, 0, 0, 0x01, 1, 0, 0, 0, 0xdc, 0x05};
    setup();
    for (uint32_t i = 0; i < sizeof expected; i++) {
        CHECK_EQ(driver_in(&driver, 0x80 + i, 1), expected[i]);
    }
    channel.link = 0;
    work();
    CHECK_EQ(driver_in(&driver, 0x86, 2), 0);
    CHECK(driver_interrupted(&driver, 0x4f));
    channel.link = 1;
    channel.state = CHANNEL_STATE_PARKED;
    work();
    CHECK_EQ(driver_in(&driver, 0x86, 2), 0);
    channel.state = CHANNEL_STATE_READY;
    work();
    CHECK_EQ(driver_in(&driver, 0x86, 2), 1);
}

static void test_net__a_frame_goes_out_without_its_header(void)
{
    setup();
    transmit(0, 100, 0x31);
    CHECK(platform->bus.net.signal);
    CHECK_EQ(netring_pending(&server.transmit), 1);
    struct net_frame frame = netring_frame(&channel.transmit[0]);
    CHECK_EQ(frame.len, 100);
    CHECK_EQ(pool[0], 0x31);
    CHECK_EQ(pool[99], 0x31);
    CHECK_EQ(driver_used(&driver, TX), 1);
    CHECK(platform->bus.net.owes_new);
    bus_tell(&platform->bus);
    CHECK(driver_interrupted(&driver, 0x51));
    CHECK(!platform->bus.net.owes && !platform->bus.net.owes_new);
}

/* Does the guest notify for the frame of the available index @next? */
static bool asked_for(uint16_t next)
{
    return driver_available_event(&driver, TX) == next;
}

static void test_net__a_burst_needs_one_notification(void)
{
    setup();
    transmit(0, 100, 1);
    CHECK(!asked_for(1)); /* muted */
    driver_descriptor(&driver, TX, 1, buffer(1), HEADER_BYTES + 60, 0, 0);
    driver_offer(&driver, TX, 1);
    work();
    CHECK_EQ(netring_pending(&server.transmit), 1);
    CHECK(!bus_look(&platform->bus));
    CHECK_EQ(netring_pending(&server.transmit), 2);
    CHECK(!asked_for(2)); /* it may go on */
    CHECK(!bus_look(&platform->bus));
    CHECK(asked_for(2)); /* nothing more came */
    CHECK(!platform->bus.net.lingers);
    transmit(2, 100, 1);
    CHECK_EQ(netring_pending(&server.transmit), 3);
}

/* A frame sent is told when that can wait no longer, and not to a driver that has taken it back. */
static void test_net__the_interrupt_for_frames_sent_is_put_off(void)
{
    setup();
    transmit(0, 100, 1);
    CHECK(!driver_interrupted(&driver, 0x51));
    platform->bus.net.owes_new = false; /* the plan is made */
    transmit(1, 100, 1);
    CHECK(platform->bus.net.owes && !platform->bus.net.owes_new);
    driver_set_used_event(&driver, TX, 2); /* both taken back: what follows has its own time */
    transmit(2, 100, 1);
    CHECK(platform->bus.net.owes_new);
    driver_set_used_event(&driver, TX, 3);
    arrive(100, 1);
    work();
    CHECK(!platform->bus.net.owes);
    bus_tell(&platform->bus);
    CHECK(!driver_interrupted(&driver, 0x51));
    transmit(3, 100, 1);
    CHECK(platform->bus.net.owes_new);
    bus_tell(&platform->bus);
    CHECK(driver_interrupted(&driver, 0x51));
}

static void test_net__many_frames_sent_are_told_at_once(void)
{
    setup();
    for (uint16_t i = 0; i < DRIVER_QUEUE_SIZE / 4; i++) {
        CHECK(!driver_interrupted(&driver, 0x51));
        transmit(i, 100, 1);
    }
    CHECK(driver_interrupted(&driver, 0x51));
    CHECK(!platform->bus.net.owes);
}

static void test_net__frames_that_cannot_be_are_lost_and_counted(void)
{
    setup();
    transmit(0, 13, 1);
    transmit(1, 1519, 1);
    memset(driver_at(&driver, buffer(2)), 0, HEADER_BYTES);
    transmit(2, 100, 1);
    CHECK_EQ(netring_pending(&server.transmit), 1);
    *driver_at(&driver, buffer(2)) = 1; /* a checksum to be filled in: not offered */
    driver_offer(&driver, TX, 2);
    driver_notify(&driver, TX);
    *driver_at(&driver, buffer(2)) = 0;
    *driver_at(&driver, buffer(2) + 1) = 1; /* a segment to be cut: not offered */
    driver_offer(&driver, TX, 2);
    driver_notify(&driver, TX);
    CHECK_EQ(netring_pending(&server.transmit), 1);
    CHECK_EQ(platform->bus.net.lost_sending, 4);
    CHECK_EQ(driver_used(&driver, TX), 5);
}

static void test_net__a_frame_without_header_stops_the_device(void)
{
    setup();
    driver_descriptor(&driver, TX, 0, buffer(0), 11, 0, 0);
    driver_offer(&driver, TX, 0);
    driver_notify(&driver, TX);
    CHECK_EQ(driver_in(&driver, 0x14, 1), 15 | 64);
    transmit(1, 100, 1);
    CHECK_EQ(driver_used(&driver, TX), 0);
    CHECK_EQ(netring_pending(&server.transmit), 0);
}

static void test_net__a_full_ring_holds_frames_back_until_there_is_room(void)
{
    setup();
    for (uint32_t i = 0; i < NET_LIMITS_RING + 10; i++) {
        transmit((uint16_t)(i % 8), 100, 1);
    }
    CHECK_EQ(netring_pending(&server.transmit), NET_LIMITS_RING);
    CHECK_EQ(driver_used(&driver, TX), NET_LIMITS_RING);
    CHECK(platform->bus.net.blocked);
    server.transmit.position += 64;
    CHECK(netring_publish(&server.transmit)); /* it asked */
    work();
    CHECK_EQ(driver_used(&driver, TX), NET_LIMITS_RING + 10);
    CHECK(!platform->bus.net.blocked);
}

static void test_net__a_frame_comes_in_behind_a_header(void)
{
    uint32_t id, len;
    setup();
    give_buffer(0, 1536);
    arrive(200, 0x42);
    work();
    CHECK_EQ(driver_used(&driver, RX), 1);
    driver_used_entry(&driver, RX, 0, &id, &len);
    CHECK_EQ(len, HEADER_BYTES + 200);
    CHECK_EQ(*driver_at(&driver, buffer(0)), 0);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 10), 1); /* buffers */
    CHECK_EQ(*driver_at(&driver, buffer(0) + 12), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 211), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 212), 0);
    CHECK_EQ(server.receive.position, 1);
    CHECK_EQ(netring_space(&server.receive), NET_LIMITS_RING);
    CHECK(driver_interrupted(&driver, 0x50));
}

static void valid_flag(uint64_t features, uint16_t flags, uint8_t expected)
{
    setup_with(features);
    give_buffer(0, 1536);
    arrive(200, 0x42);
    channel.receive[0].flags = flags;
    work();
    CHECK_EQ(driver_used(&driver, RX), 1);
    CHECK_EQ(*driver_at(&driver, buffer(0)), expected);
}

static void test_net__a_checksum_is_called_right_where_the_driver_listens(void)
{
    valid_flag(ALL, NET_CHECKED, 2);
    valid_flag(ALL, 0, 0);
    valid_flag(ALL & ~GUEST_CSUM, NET_CHECKED, 0);
}

static void test_net__a_frame_is_spread_over_the_descriptors_of_a_chain(void)
{
    uint32_t id, len;
    setup();
    driver_descriptor(&driver, RX, 0, buffer(0), 8, WRITE | NEXT, 1);
    driver_descriptor(&driver, RX, 1, buffer(1), 104, WRITE | NEXT, 2);
    driver_descriptor(&driver, RX, 2, buffer(2), 1500, WRITE, 0);
    driver_offer(&driver, RX, 0);
    arrive(250, 0x42);
    work();
    CHECK_EQ(driver_used(&driver, RX), 1);
    driver_used_entry(&driver, RX, 0, &id, &len);
    CHECK_EQ(len, HEADER_BYTES + 250);
    CHECK_EQ(*driver_at(&driver, buffer(1) + 2), 1); /* buffers */
    CHECK_EQ(*driver_at(&driver, buffer(1) + 4), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(2)), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(2) + 149), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(2) + 150), 0);
}

static void test_net__a_frame_is_spread_over_mergeable_buffers(void)
{
    uint32_t id, len;
    setup();
    for (uint16_t i = 0; i < 4; i++) {
        give_buffer(i, 100);
    }
    arrive(250, 0x42);
    work();
    CHECK_EQ(driver_used(&driver, RX), 3);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 10), 3);
    driver_used_entry(&driver, RX, 0, &id, &len);
    CHECK_EQ(len, 100);
    driver_used_entry(&driver, RX, 2, &id, &len);
    CHECK_EQ(len, 62);
    CHECK_EQ(*driver_at(&driver, buffer(1)), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(2) + 61), 0x42);
    CHECK_EQ(*driver_at(&driver, buffer(2) + 62), 0);
}

static void test_net__merging_is_offered_where_the_description_says_so(void)
{
    setup_card(ALL, true);
    CHECK((driver.features & MRG_RXBUF) != 0);
    setup_card(ALL, false);
    CHECK_EQ(driver.features & MRG_RXBUF, 0);
    give_buffer(0, 1536);
    arrive(200, 0x42);
    work();
    CHECK_EQ(driver_used(&driver, RX), 1);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 10), 1); /* buffers, all the same */
}

static void test_net__too_few_buffers_hold_the_frame_back(void)
{
    setup();
    give_buffer(0, 100);
    arrive(250, 0x42);
    work();
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK(platform->bus.net.starved);
    CHECK_EQ(driver_available_event(&driver, RX), 0);
    give_buffer(1, 1000);
    driver_notify(&driver, RX);
    CHECK_EQ(driver_used(&driver, RX), 2);
    CHECK(!platform->bus.net.starved);
}

static void test_net__without_merging_a_frame_too_large_is_lost(void)
{
    setup_with(ALL & ~MRG_RXBUF);
    give_buffer(0, 100);
    give_buffer(1, 100);
    arrive(250, 0x42);
    arrive(50, 0x43);
    work();
    CHECK_EQ(driver_used(&driver, RX), 1);
    CHECK_EQ(*driver_at(&driver, buffer(0) + 12), 0x43);
    CHECK_EQ(platform->bus.net.lost_receiving, 1);
}

static void test_net__lengths_of_a_hostile_server_are_checked(void)
{
    setup();
    give_buffer(0, 1536);
    arrive(0xffff, 1);
    arrive(2049, 1);
    arrive(0, 1);
    work();
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK_EQ(platform->bus.net.lost_receiving, 3);
    channel.receive_head = 5000; /* and its counters */
    work();
    CHECK(netlink_broken(&platform->bus.net.link));
    CHECK_EQ(driver_in(&driver, 0x86, 2), 0);
    transmit(0, 100, 1);
    CHECK_EQ(driver_used(&driver, TX), 1); /* lost, not held */
}

static void test_net__a_new_server_is_followed(void)
{
    setup();
    transmit(0, 100, 1);
    memset(&channel, 0, sizeof channel);
    channel.epoch = 1;
    work();
    CHECK(platform->bus.net.signal);
    CHECK_EQ(driver_in(&driver, 0x86, 2), 0);
    transmit(1, 100, 1);
    CHECK_EQ(driver_used(&driver, TX), 2);
    netlink_follow(&server);
    channel.state = CHANNEL_STATE_READY;
    channel.link = 1;
    work();
    CHECK_EQ(driver_in(&driver, 0x86, 2), 1);
    transmit(2, 100, 1);
    CHECK_EQ(netring_pending(&server.transmit), 1);
}

static void test_net__nothing_is_kept_for_a_guest_without_driver(void)
{
    setup();
    driver_out(&driver, 0x14, 1, 0);
    arrive(100, 1);
    work();
    CHECK_EQ(netring_space(&server.receive), NET_LIMITS_RING);
    CHECK_EQ(platform->bus.net.lost_receiving, 1);
    CHECK_EQ(driver_used(&driver, RX), 0);
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    pool = calloc(1, NET_LIMITS_POOL_BYTES);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_net__configuration_says_address_link_and_mtu);
    RUN(test_net__a_frame_goes_out_without_its_header);
    RUN(test_net__a_burst_needs_one_notification);
    RUN(test_net__the_interrupt_for_frames_sent_is_put_off);
    RUN(test_net__many_frames_sent_are_told_at_once);
    RUN(test_net__frames_that_cannot_be_are_lost_and_counted);
    RUN(test_net__a_frame_without_header_stops_the_device);
    RUN(test_net__a_full_ring_holds_frames_back_until_there_is_room);
    RUN(test_net__a_frame_comes_in_behind_a_header);
    RUN(test_net__a_checksum_is_called_right_where_the_driver_listens);
    RUN(test_net__a_frame_is_spread_over_the_descriptors_of_a_chain);
    RUN(test_net__a_frame_is_spread_over_mergeable_buffers);
    RUN(test_net__merging_is_offered_where_the_description_says_so);
    RUN(test_net__too_few_buffers_hold_the_frame_back);
    RUN(test_net__without_merging_a_frame_too_large_is_lost);
    RUN(test_net__lengths_of_a_hostile_server_are_checked);
    RUN(test_net__a_new_server_is_followed);
    RUN(test_net__nothing_is_kept_for_a_guest_without_driver);
    fake_memory_free(&memory);
    free(pool);
    free(platform);
    return UNIT_RESULT();
}
