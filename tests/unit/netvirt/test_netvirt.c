/* netvirt between two or three tenants and a driver that are this file. */
#include "netvirt.h"

#include <bulkhead/block.h>
#include <clock.h>

#include "../netdrv/fake_log.h"
#include "../unit.h"

#define KHZ UINT64_C(1000000)
#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { A, B, C, TENANTS, DRIVER_BELL = 10, ATTENTION_BELL = 11 };

#define POOL_IOVA(n) (UINT64_C(0x1000000000) + (uint64_t)(n)*NET_LIMITS_POOL_BYTES)
#define MAC(n) (UINT64_C(0x000000484202) | (uint64_t)((n) + 1) << 40)
#define GATEWAY UINT64_C(0x020200005552)
#define BROADCAST UINT64_C(0xffffffffffff)
#define GROUP UINT64_C(0xfb0000005e0001)

static struct netvirt virt;
static struct net_channel channels[TENANTS];
static struct netlink guests[TENANTS];
static uint8_t pools[TENANTS][NET_LIMITS_POOL_BYTES];
static struct netdev_channel device;
static struct netlink driver;
static uint8_t device_pool[NET_LIMITS_POOL_BYTES];
static unsigned bells[16];
static uint64_t now, deadline;

void netvirt_signal(uint32_t slot, uint32_t bits)
{
    CHECK(slot < 16 && bits == 1u << slot);
    bells[slot & 15]++;
}

static void settle(void)
{
    for (unsigned i = 0; i < 20; i++) {
        deadline = netvirt_work(&virt, now);
        if (deadline != DEADLINE_NOW) {
            return;
        }
    }
}

static void driver_up(void)
{
    netlink_open_netdev(&driver, &device, NETLINK_END_B);
    device.state = CHANNEL_STATE_READY;
    device.link = 1;
}

/* A and B speak to each other, C to nobody. */
static void open_all(void)
{
    memset(&virt, 0, sizeof virt);
    memset(channels, 0, sizeof channels);
    memset(&device, 0, sizeof device);
    memset(bells, 0, sizeof bells);
    now = SECOND;
    device.epoch = 1;
    virt.channel = &device;
    virt.pool = device_pool;
    virt.pool_iova = POOL_IOVA(TENANTS);
    virt.bell_slot = DRIVER_BELL;
    virt.bell_bits = 1u << DRIVER_BELL;
    virt.attention_slot = ATTENTION_BELL;
    virt.attention_bits = 1u << ATTENTION_BELL;
    virt.tsc_khz = KHZ;
    virt.tenant_count = TENANTS;
    for (unsigned i = 0; i < TENANTS; i++) {
        virt.tenants[i] = (struct tenant){.name = {(char)('a' + i)},
                                          .channel = &channels[i],
                                          .pool = pools[i],
                                          .pool_iova = POOL_IOVA(i),
                                          .bell_slot = 1 + i,
                                          .bell_bits = 1u << (1 + i),
                                          .mac = MAC(i)};
    }
    virt.tenants[A].peers = 1u << B;
    virt.tenants[B].peers = 1u << A;
}

static void begin(void)
{
    netvirt_begin(&virt, now);
    for (unsigned i = 0; i < TENANTS; i++) {
        netlink_open_net(&guests[i], &channels[i], NETLINK_END_A);
    }
    settle();
    driver_up();
    settle();
}

static void ready(void)
{
    open_all();
    begin();
}

static void put_header(uint8_t *frame, uint64_t to, uint64_t from, uint16_t type)
{
    for (unsigned i = 0; i < 6; i++) {
        frame[i] = (uint8_t)(to >> 8 * i);
        frame[6 + i] = (uint8_t)(from >> 8 * i);
    }
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
}

/* The tenant's VMM writes a frame; bytes after the header count up from @mark. */
static void write_typed(unsigned who, uint64_t to, uint64_t from, uint16_t type, uint32_t len, uint8_t mark)
{
    struct netring *ring = &guests[who].transmit;
    uint8_t *slot = pools[who] + netring_transmit_offset(ring->position);
    CHECK(netring_space(ring) != 0);
    for (uint32_t i = 14; i < len && i < NET_LIMITS_SLOT_BYTES; i++) {
        slot[i] = (uint8_t)(mark + i);
    }
    put_header(slot, to, from, type);
    channels[who].transmit[netring_index(ring->position)] = (struct net_frame){.len = (uint16_t)len};
    ring->position++;
    (void)netring_publish(ring);
}

static void write_frame(unsigned who, uint64_t to, uint32_t len, uint8_t mark)
{
    write_typed(who, to, MAC(who), 0x0800, len, mark);
}

/* What the device reads for the frame of the driver's ring at @position. */
static uint32_t gather(uint32_t position, uint8_t *out)
{
    struct net_transmit entry = device.transmit[netring_index(position)];
    const uint64_t pool = POOL_IOVA(TENANTS) + NET_LIMITS_HEADER_OFFSET;
    CHECK(entry.header >= pool &&
          entry.header + entry.header_len <= POOL_IOVA(TENANTS) + NET_LIMITS_POOL_BYTES);
    CHECK(entry.header_len <= NET_LIMITS_HEADER_BYTES);
    memcpy(out, device_pool + (entry.header - POOL_IOVA(TENANTS)), entry.header_len);
    if (entry.rest_len != 0) {
        unsigned who = (unsigned)((entry.rest - POOL_IOVA(0)) / NET_LIMITS_POOL_BYTES);
        CHECK(who < TENANTS);
        memcpy(out + entry.header_len, pools[who] + (entry.rest - POOL_IOVA(who)), entry.rest_len);
    }
    return (uint32_t)entry.header_len + entry.rest_len;
}

static uint32_t driver_pending(void)
{
    return netring_pending(&driver.transmit);
}

static void driver_done(uint32_t count)
{
    driver.transmit.position += count;
    (void)netring_publish(&driver.transmit);
}

static void arrive(const uint8_t *frame, uint32_t len)
{
    struct netring *ring = &driver.receive;
    CHECK(netring_space(ring) != 0);
    memcpy(device_pool + netring_receive_offset(ring->position), frame, len);
    device.receive[netring_index(ring->position)] = (struct net_frame){.len = (uint16_t)len};
    ring->position++;
    (void)netring_publish(ring);
}

static void arrive_from(uint64_t to, uint64_t from, uint32_t len, uint8_t mark)
{
    uint8_t frame[1518];
    memset(frame, mark, sizeof frame);
    put_header(frame, to, from, 0x0800);
    arrive(frame, len);
}

static uint32_t got(unsigned who)
{
    return netring_pending(&guests[who].receive);
}

static void test_netvirt__a_frame_reaches_the_wire_whole(void)
{
    const uint32_t lengths[] = {14, 15, 16, 17, 60, 127, 128, 129, 1000, 1514};
    for (unsigned i = 0; i < 10; i++) {
        uint8_t out[1600];
        ready();
        write_frame(A, GATEWAY, lengths[i], 3);
        settle();
        CHECK_EQ(driver_pending(), 1);
        CHECK_EQ(gather(0, out), lengths[i]);
        CHECK(memcmp(out, pools[A], lengths[i]) == 0);
        CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES - 1);
        driver_done(1);
        settle();
        CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
        CHECK_EQ(virt.completed, 1);
    }
}

static void test_netvirt__what_is_sent_is_what_was_checked(void)
{
    uint8_t out[1600];
    ready();
    write_frame(A, GATEWAY, 200, 3);
    settle();
    memset(pools[A], 0xee, 200); /* afterwards */
    CHECK_EQ(gather(0, out), 200);
    CHECK_EQ(out[6], 0x02);
    CHECK_EQ(out[127], (uint8_t)(3 + 127));
    CHECK_EQ(out[128], 0xee);
}

static void refused_typed(uint64_t to, uint64_t from, uint16_t type, uint32_t len)
{
    ready();
    write_typed(A, to, from, type, len, 0);
    settle();
    CHECK_EQ(driver_pending(), 0);
    CHECK_EQ(got(B) + got(C), 0);
    CHECK_EQ(virt.tenants[A].refused, 1);
    CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
}

static void test_netvirt__a_foreign_source_is_refused(void)
{
    refused_typed(GATEWAY, MAC(B), 0x0800, 60);
    refused_typed(BROADCAST, MAC(A) ^ 1, 0x0800, 60);
    refused_typed(MAC(B), MAC(C), 0x0800, 60);
}

static void test_netvirt__refusals_are_told_but_do_not_fill_the_log(void)
{
    ready();
    unsigned before = fake_log_lines;
    for (unsigned i = 0; i < 100; i++) {
        write_typed(A, GATEWAY, MAC(B), 0x0800, 60, 0);
        settle();
        now += 10 * MS;
    }
    CHECK_EQ(fake_log_lines, before + 1);
    now += 10 * SECOND;
    settle();
    CHECK_EQ(fake_log_lines, before + 2);
    CHECK_EQ(virt.tenants[A].told, 100);
}

static void test_netvirt__tags_are_not_a_tenants_to_set(void)
{
    refused_typed(GATEWAY, MAC(A), 0x8100, 60);
    refused_typed(GATEWAY, MAC(A), 0x88a8, 60);
    refused_typed(GATEWAY, MAC(A), 0x9100, 60);
}

static void test_netvirt__the_wires_own_protocols_are_refused(void)
{
    refused_typed(GATEWAY, MAC(A), 0x8808, 60);
    refused_typed(UINT64_C(0x010000c28001), MAC(A), 0x0800, 60);
    refused_typed(UINT64_C(0x0f0000c28001), MAC(A), 0x0800, 60);
    ready();
    write_typed(A, UINT64_C(0x100000c28001), MAC(A), 0x0800, 60, 0);
    settle();
    CHECK_EQ(driver_pending(), 1);
}

static void test_netvirt__lengths_that_no_frame_has_are_refused(void)
{
    refused_typed(GATEWAY, MAC(A), 0x0800, 13);
    refused_typed(GATEWAY, MAC(A), 0x0800, 0);
    refused_typed(GATEWAY, MAC(A), 0x0800, 1515);
    refused_typed(GATEWAY, MAC(A), 0x0800, 65535);
    ready();
    write_frame(A, GATEWAY, 60, 0);
    channels[A].transmit[0].flags = 1;
    settle();
    CHECK_EQ(driver_pending(), 0);
}

static void test_netvirt__slots_come_back_in_order(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 0);
    write_typed(A, GATEWAY, MAC(B), 0x0800, 60, 0); /* refused at once */
    write_frame(A, MAC(B), 60, 0);                  /* delivered at once */
    write_frame(A, GATEWAY, 60, 0);
    settle();
    CHECK_EQ(driver_pending(), 2);
    CHECK_EQ(channels[A].transmit_tail, 0);
    driver_done(1);
    settle();
    CHECK_EQ(channels[A].transmit_tail, 3);
    driver_done(1);
    settle();
    CHECK_EQ(channels[A].transmit_tail, 4);
}

static void test_netvirt__peers_hear_each_other_and_nobody_else_does(void)
{
    ready();
    write_frame(A, MAC(B), 700, 5);
    write_frame(B, MAC(A), 60, 6);
    settle();
    CHECK_EQ(got(B), 1);
    CHECK_EQ(got(A), 1);
    CHECK_EQ(got(C), 0);
    CHECK_EQ(driver_pending(), 0);
    CHECK_EQ(channels[B].receive[0].len, 700);
    CHECK(memcmp(pools[B] + NET_LIMITS_RECEIVE_OFFSET, pools[A], 700) == 0);
}

static void test_netvirt__a_tenant_that_is_no_peer_is_not_reached(void)
{
    ready();
    write_frame(A, MAC(C), 60, 0);
    write_frame(C, MAC(A), 60, 0);
    settle();
    CHECK_EQ(got(A) + got(B) + got(C), 0);
    CHECK_EQ(driver_pending(), 0);
    write_frame(C, BROADCAST, 60, 0);
    settle();
    CHECK_EQ(got(A) + got(B), 0);
    CHECK_EQ(driver_pending(), 1);
    write_frame(A, BROADCAST, 60, 0);
    settle();
    CHECK_EQ(got(B), 1);
    CHECK_EQ(got(C), 0);
    CHECK_EQ(driver_pending(), 2);
}

static void test_netvirt__what_a_tenant_sent_does_not_come_back_to_another(void)
{
    ready();
    arrive_from(BROADCAST, MAC(A), 60, 1); /* a switch that reflects */
    arrive_from(MAC(C), MAC(A), 60, 1);
    settle();
    CHECK_EQ(got(A) + got(B) + got(C), 0);
    CHECK_EQ(virt.lost, 2);
}

static void test_netvirt__the_wires_frames_go_by_address(void)
{
    ready();
    arrive_from(MAC(B), GATEWAY, 60, 1);
    arrive_from(MAC(C) ^ UINT64_C(0x800000000000), GATEWAY, 60, 2);
    arrive_from(BROADCAST, GATEWAY, 61, 3);
    arrive_from(GROUP & FRAME_MAC_MASK, GATEWAY, 1514, 4);
    settle();
    CHECK_EQ(got(A), 2);
    CHECK_EQ(got(B), 3);
    CHECK_EQ(got(C), 2);
    CHECK_EQ(channels[A].receive[1].len, 1514);
    CHECK_EQ(pools[A][NET_LIMITS_RECEIVE_OFFSET + NET_LIMITS_SLOT_BYTES + 1513], 4);
    CHECK_EQ(device.receive_tail, 4);
}

static void test_netvirt__a_delivery_leaves_no_byte_of_another_frame(void)
{
    ready();
    memset(device_pool + NET_LIMITS_RECEIVE_OFFSET, 0x77, NET_LIMITS_SLOT_BYTES);
    memset(pools[B] + NET_LIMITS_RECEIVE_OFFSET, 0, NET_LIMITS_SLOT_BYTES);
    arrive_from(MAC(B), GATEWAY, 61, 1);
    settle();
    CHECK_EQ(pools[B][NET_LIMITS_RECEIVE_OFFSET + 60], 1);
    CHECK_EQ(pools[B][NET_LIMITS_RECEIVE_OFFSET + 61], 0);
}

/* A and C live on VLAN 5 and may speak, B stays untagged. */
static void ready_tagged(void)
{
    open_all();
    virt.tenants[A].vlan = 5;
    virt.tenants[C].vlan = 5;
    virt.tenants[A].peers = 1u << B | 1u << C;
    begin();
}

static void test_netvirt__a_vlan_is_tagged_on_the_wire_only(void)
{
    const uint32_t lengths[] = {14, 60, 123, 124, 125, 1514};
    for (unsigned i = 0; i < 6; i++) {
        uint8_t out[1600];
        ready_tagged();
        write_frame(A, GATEWAY, lengths[i], 9);
        settle();
        CHECK_EQ(gather(0, out), lengths[i] + 4);
        CHECK(memcmp(out, pools[A], 12) == 0);
        CHECK(memcmp(out + 12, "\x81\x00\x00\x05", 4) == 0);
        CHECK(memcmp(out + 16, pools[A] + 12, lengths[i] - 12) == 0);
    }
}

static void arrive_tagged(uint64_t to, uint16_t tag, uint32_t len)
{
    uint8_t frame[1518];
    for (unsigned i = 0; i < sizeof frame; i++) {
        frame[i] = (uint8_t)i;
    }
    put_header(frame, to, GATEWAY, 0x8100);
    frame[14] = (uint8_t)(tag >> 8);
    frame[15] = (uint8_t)tag;
    arrive(frame, len);
}

static void test_netvirt__a_tag_is_matched_and_taken_off(void)
{
    ready_tagged();
    arrive_tagged(BROADCAST, 5 | 3 << 13, 1518); /* with a priority */
    settle();
    CHECK_EQ(got(A), 1);
    CHECK_EQ(got(B), 0);
    CHECK_EQ(got(C), 1);
    CHECK_EQ(channels[A].receive[0].len, 1514);
    for (unsigned i = 12; i < 1514; i++) {
        CHECK_EQ(pools[A][NET_LIMITS_RECEIVE_OFFSET + i], (uint8_t)(i + 4));
    }
    arrive_tagged(MAC(A), 6, 64);
    arrive_from(MAC(A), GATEWAY, 64, 1); /* untagged */
    settle();
    CHECK_EQ(got(A), 1);
    arrive_tagged(MAC(B), 0, 64); /* a priority alone */
    settle();
    CHECK_EQ(got(B), 1);
}

static void test_netvirt__peers_on_different_vlans_do_not_meet(void)
{
    ready_tagged();
    write_frame(A, MAC(B), 60, 1);
    write_frame(A, BROADCAST, 60, 2);
    write_frame(A, MAC(C), 60, 3);
    settle();
    CHECK_EQ(got(B), 0);
    CHECK_EQ(got(C), 2);
    CHECK_EQ(driver_pending(), 1);
}

static void test_netvirt__a_full_tenant_loses_its_own_frames_only(void)
{
    ready();
    for (unsigned i = 0; i < 2 * NETRING_ENTRIES; i++) {
        arrive_from(i % 2 != 0 ? MAC(A) : MAC(B), GATEWAY, 60, (uint8_t)i);
        settle();
        if (got(B) != 0) {
            guests[B].receive.position++;
            (void)netring_publish(&guests[B].receive);
        }
    }
    arrive_from(MAC(A), GATEWAY, 60, 1);
    arrive_from(MAC(B), GATEWAY, 60, 1);
    settle();
    CHECK_EQ(got(A), NETRING_ENTRIES);
    CHECK_EQ(virt.tenants[A].missed, 1);
    CHECK_EQ(virt.tenants[B].missed, 0);
    CHECK_EQ(got(B), 1);
}

static void test_netvirt__one_tenant_cannot_take_all_places(void)
{
    unsigned of_b = 0;
    ready();
    for (unsigned i = 0; i < NETRING_ENTRIES; i++) {
        write_frame(A, GATEWAY, 60, 1);
    }
    settle();
    CHECK_EQ(driver_pending(), NETRING_ENTRIES / TENANTS);
    write_frame(B, GATEWAY, 60, 2);
    settle();
    CHECK_EQ(driver_pending(), NETRING_ENTRIES / TENANTS + 1);
    for (unsigned i = 0; i < 8; i++) {
        write_frame(B, GATEWAY, 60, 2);
    }
    driver_done(NETRING_ENTRIES / TENANTS + 1);
    settle();
    /* In turns: B's frames are not behind all of A's. */
    for (uint32_t i = 0; i < 24; i++) {
        uint8_t out[1600];
        (void)gather(driver.transmit.position + i, out);
        of_b += out[11] == 2;
    }
    CHECK_EQ(of_b, 8);
}

static void test_netvirt__waiting_frames_move_when_the_driver_finishes(void)
{
    uint32_t sent = 0;
    ready();
    for (unsigned i = 0; i < NETRING_ENTRIES; i++) {
        write_frame(A, GATEWAY, 60, (uint8_t)i);
    }
    settle();
    for (unsigned i = 0; i < 1000 && sent < NETRING_ENTRIES; i++) {
        uint32_t count = driver_pending();
        unsigned before = bells[0];
        CHECK(count != 0);
        driver.transmit.position += count;
        CHECK(netring_publish(&driver.transmit) || sent + count == NETRING_ENTRIES); /* it was asked for */
        CHECK_EQ(bells[0], before);
        sent += count;
        settle();
    }
    CHECK_EQ(sent, NETRING_ENTRIES);
    CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
}

static void test_netvirt__a_rate_holds_and_a_burst_passes(void)
{
    uint32_t sent = 0;
    open_all();
    rate_init(&virt.tenants[A].rate, 8000, KHZ); /* 1 MB a second */
    begin();
    for (unsigned ms = 0; ms < 1000; ms++) {
        for (unsigned i = 0; i < 40 && netring_space(&guests[A].transmit) != 0; i++) {
            write_frame(A, GATEWAY, 1000, 1);
        }
        settle();
        sent += driver_pending();
        driver_done(driver_pending());
        if (ms == 0) {
            CHECK_EQ(sent, 25);
            CHECK(deadline > now && deadline < now + 2 * MS);
        }
        now += MS;
    }
    CHECK(sent >= 1000 && sent <= 1030);
}

static void rebuild_driver(void)
{
    uint32_t epoch = device.epoch;
    memset(&device, 0, sizeof device);
    device.epoch = epoch + 1;
}

static void test_netvirt__frames_not_known_sent_are_sent_again_in_order(void)
{
    uint8_t out[1600];
    ready();
    for (unsigned i = 0; i < 10; i++) {
        write_frame(i % 2 != 0 ? A : B, GATEWAY, 200, (uint8_t)(10 * i));
    }
    settle();
    driver_done(4);
    settle();
    rebuild_driver();
    settle();
    CHECK_EQ(virt.replayed, 6);
    CHECK(!virt.ready);
    write_frame(C, GATEWAY, 200, 200); /* comes while nobody serves */
    settle();
    CHECK_EQ(device.transmit_head, 0);
    driver_up();
    settle();
    CHECK_EQ(driver_pending(), 7);
    for (uint32_t i = 0; i < 7; i++) {
        CHECK_EQ(gather(i, out), 200);
    }
    CHECK_EQ(gather(6, out), 200);
    CHECK_EQ(out[20], 220);
    driver_done(7);
    settle();
    CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
    CHECK_EQ(netring_space(&guests[B].transmit), NETRING_ENTRIES);
    CHECK_EQ(netring_space(&guests[C].transmit), NETRING_ENTRIES);
    CHECK_EQ(virt.first, virt.next);
}

/* Restarts again and again while frames flow: every frame leaves, none out of order, none with another's header. */
static void test_netvirt__a_stream_survives_many_restarts(void)
{
    uint8_t out[1600];
    uint8_t expected = 0;
    uint32_t written = 0;
    ready();
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 5; i++) {
            write_frame(A, GATEWAY, 300, (uint8_t)written++);
        }
        settle();
        uint32_t count = driver_pending();
        for (uint32_t i = 0; i < count; i++) {
            CHECK_EQ(gather(driver.transmit.position + i, out), 300);
            CHECK_EQ(out[14], (uint8_t)(expected + i + 14));
            CHECK_EQ(out[299], (uint8_t)(expected + i + 299));
        }
        uint32_t done = count > 3 ? count - round % 4 : count;
        driver_done(done);
        expected = (uint8_t)(expected + done);
        settle();
        if (round % 3 == 0) {
            rebuild_driver();
            driver_up();
            settle();
        }
    }
    CHECK_EQ(virt.verdict, SERVICE_VERDICT_WELL);
    CHECK(virt.replayed > 50);
}

static void test_netvirt__tenants_keep_their_link_while_the_driver_is_rebuilt(void)
{
    ready();
    CHECK_EQ(channels[A].link, 1);
    rebuild_driver();
    settle();
    CHECK_EQ(channels[A].link, 1);
    driver_up();
    device.link = 0;
    unsigned before = bells[1 + A];
    settle();
    CHECK_EQ(channels[A].link, 0);
    CHECK_EQ(bells[1 + A], before + 1);
}

/* What management hears of the link is what tenants are shown; without a driver nobody knows. */
static void test_netvirt__management_hears_of_the_link(void)
{
    begin();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_NONE);
    ready();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_UP);
    device.link = 0;
    settle();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_DOWN);
    netvirt_park(&virt, true, 0);
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_NONE);
    rebuild_driver();
    settle();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_NONE);
}

static void corrupt_verdict(void)
{
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_CORRUPT);
    CHECK_EQ(bells[ATTENTION_BELL], 1);
    CHECK_EQ(virt.corruptions, 1);
    settle();
    CHECK_EQ(bells[ATTENTION_BELL], 1);
    write_frame(A, GATEWAY, 60, 1);
    uint32_t head = device.transmit_head;
    settle();
    CHECK_EQ(device.transmit_head, head);
    rebuild_driver();
    driver_up();
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    CHECK(driver_pending() != 0);
}

static void test_netvirt__impossible_counters_of_the_driver_are_a_verdict(void)
{
    ready();
    device.transmit_tail = 1;
    corrupt_verdict();
    ready();
    device.receive_head = NETRING_ENTRIES + 1;
    corrupt_verdict();
}

/* builder empties the page while netvirt is at work. */
static void test_netvirt__a_page_emptied_in_the_middle_is_no_offence(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    driver_done(1);
    settle();
    rebuild_driver();
    CHECK(!driver_finish(&virt, now));
    CHECK(!driver_receive(&virt, now));
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    CHECK_EQ(virt.corruptions, 0);
    driver_up();
    settle();
    CHECK(virt.ready);
}

static void test_netvirt__frames_that_are_none_are_a_verdict(void)
{
    const uint16_t lengths[] = {1, 13, 1519, 65535};
    for (unsigned i = 0; i < 4; i++) {
        ready();
        arrive_from(MAC(A), GATEWAY, 60, 0);
        device.receive[0].len = lengths[i];
        corrupt_verdict();
        CHECK_EQ(got(A), 0);
    }
    ready();
    arrive_from(MAC(A), GATEWAY, 60, 0);
    device.receive[0].flags = 1;
    corrupt_verdict();
}

static void test_netvirt__a_frame_the_driver_skips_is_nobodys(void)
{
    ready();
    arrive_from(MAC(A), GATEWAY, 60, 0);
    device.receive[0].len = 0;
    arrive_from(MAC(A), GATEWAY, 60, 0);
    settle();
    CHECK_EQ(got(A), 1);
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
}

static void test_netvirt__a_driver_that_does_not_answer_is_silent(void)
{
    ready();
    now += 10 * SECOND;
    settle();
    CHECK_EQ(device.ping, 0); /* nothing in flight: nobody asks */
    now += 10 * SECOND;
    write_frame(A, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(deadline, now + 100 * MS);
    now += 100 * MS;
    settle();
    CHECK_EQ(device.ping, 1);
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    now += 499 * MS;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    now += MS;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_SILENT);
    CHECK_EQ(bells[ATTENTION_BELL], 1);
}

static void test_netvirt__a_driver_that_answers_has_more_time_but_not_for_ever(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    for (unsigned i = 0; i < 40; i++) {
        now += 100 * MS;
        settle();
        device.pong = device.ping;
    }
    CHECK(device.ping > 15);
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    now += SECOND;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_SILENT);
}

static void test_netvirt__a_driver_that_does_not_come_up_is_silent(void)
{
    ready();
    rebuild_driver();
    settle();
    now += 4999 * MS;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    now += MS;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_SILENT);
}

static void test_netvirt__a_device_that_fails_is_a_verdict(void)
{
    ready();
    rebuild_driver();
    settle();
    netlink_open_netdev(&driver, &device, NETLINK_END_B);
    device.state = CHANNEL_STATE_PARKED;
    settle();
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_DEVICE_FAILED);
}

static void test_netvirt__parked_tenants_have_no_link_and_do_not_wait(void)
{
    ready();
    for (unsigned i = 0; i < 5; i++) {
        write_frame(A, GATEWAY, 60, 1);
    }
    settle();
    netvirt_park(&virt, true, now);
    write_frame(A, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(channels[A].link, 0);
    CHECK_EQ(channels[A].state, CHANNEL_STATE_PARKED);
    CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_PARKED);
    now += 10 * SECOND;
    settle();
    CHECK_EQ(bells[ATTENTION_BELL], 0);
    netvirt_park(&virt, false, now);
    rebuild_driver();
    driver_up();
    settle();
    CHECK_EQ(channels[A].link, 1);
    CHECK_EQ(driver_pending(), 0); /* what was dropped is not sent again */
    write_frame(A, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(driver_pending(), 1);
}

static void test_netvirt__unparked_without_a_restart_the_driver_may_finish_old_frames(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    netvirt_park(&virt, true, now);
    settle();
    netvirt_park(&virt, false, now);
    write_frame(A, GATEWAY, 60, 1);
    settle();
    driver_done(1);
    settle();
    CHECK_EQ(virt.tenants[A].in_flight, 1);
    driver_done(1);
    settle();
    CHECK_EQ(netring_space(&guests[A].transmit), NETRING_ENTRIES);
    CHECK_EQ(virt.completed, 1);
}

static void rebuild_tenant(unsigned who)
{
    uint32_t epoch = channels[who].epoch;
    memset(&channels[who], 0, sizeof channels[who]);
    channels[who].epoch = epoch + 1;
    memset(pools[who], 0, NET_LIMITS_POOL_BYTES);
}

static void test_netvirt__a_new_vmm_is_served_when_the_old_ones_frames_are_through(void)
{
    ready();
    write_frame(A, GATEWAY, 200, 1);
    write_frame(B, GATEWAY, 200, 1);
    settle();
    rebuild_tenant(A);
    settle();
    CHECK(channels[A].epoch_b != channels[A].epoch);
    netlink_open_net(&guests[A], &channels[A], NETLINK_END_A);
    write_frame(A, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(driver_pending(), 2);
    driver_done(2);
    settle();
    CHECK_EQ(channels[A].epoch_b, 1);
    CHECK_EQ(channels[A].link, 1);
    CHECK_EQ(channels[A].transmit_tail, 0);
    CHECK_EQ(driver_pending(), 1);
    CHECK_EQ(channels[B].transmit_tail, 1);
}

static void test_netvirt__corrupt_counters_of_a_tenant_hurt_it_alone(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    channels[A].transmit_head = 1000;
    settle();
    arrive_from(BROADCAST, GATEWAY, 60, 1);
    write_frame(B, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(driver_pending(), 2);
    CHECK_EQ(got(B), 1);
    CHECK_EQ(channels[A].receive_head, 0);
    CHECK_EQ(netvirt_verdict(&virt), SERVICE_VERDICT_WELL);
    driver_done(2);
    rebuild_tenant(A);
    settle();
    netlink_open_net(&guests[A], &channels[A], NETLINK_END_A);
    settle();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    CHECK_EQ(driver_pending(), 1);
}

static void test_netvirt__a_stream_needs_no_bells(void)
{
    ready();
    write_frame(A, GATEWAY, 60, 1);
    settle();
    driver_done(driver_pending());
    settle();
    memset(bells, 0, sizeof bells);
    for (unsigned i = 0; i < 100; i++) {
        write_frame(A, GATEWAY, 60, 1);
        settle();
        driver_done(driver_pending());
        settle();
    }
    CHECK_EQ(bells[DRIVER_BELL], 0);
    CHECK_EQ(bells[1 + A], 0);
}

int main(void)
{
    RUN(test_netvirt__a_frame_reaches_the_wire_whole);
    RUN(test_netvirt__what_is_sent_is_what_was_checked);
    RUN(test_netvirt__a_foreign_source_is_refused);
    RUN(test_netvirt__refusals_are_told_but_do_not_fill_the_log);
    RUN(test_netvirt__tags_are_not_a_tenants_to_set);
    RUN(test_netvirt__the_wires_own_protocols_are_refused);
    RUN(test_netvirt__lengths_that_no_frame_has_are_refused);
    RUN(test_netvirt__slots_come_back_in_order);
    RUN(test_netvirt__peers_hear_each_other_and_nobody_else_does);
    RUN(test_netvirt__a_tenant_that_is_no_peer_is_not_reached);
    RUN(test_netvirt__what_a_tenant_sent_does_not_come_back_to_another);
    RUN(test_netvirt__the_wires_frames_go_by_address);
    RUN(test_netvirt__a_delivery_leaves_no_byte_of_another_frame);
    RUN(test_netvirt__a_vlan_is_tagged_on_the_wire_only);
    RUN(test_netvirt__a_tag_is_matched_and_taken_off);
    RUN(test_netvirt__peers_on_different_vlans_do_not_meet);
    RUN(test_netvirt__a_full_tenant_loses_its_own_frames_only);
    RUN(test_netvirt__one_tenant_cannot_take_all_places);
    RUN(test_netvirt__waiting_frames_move_when_the_driver_finishes);
    RUN(test_netvirt__a_rate_holds_and_a_burst_passes);
    RUN(test_netvirt__frames_not_known_sent_are_sent_again_in_order);
    RUN(test_netvirt__a_stream_survives_many_restarts);
    RUN(test_netvirt__tenants_keep_their_link_while_the_driver_is_rebuilt);
    RUN(test_netvirt__impossible_counters_of_the_driver_are_a_verdict);
    RUN(test_netvirt__a_page_emptied_in_the_middle_is_no_offence);
    RUN(test_netvirt__frames_that_are_none_are_a_verdict);
    RUN(test_netvirt__a_frame_the_driver_skips_is_nobodys);
    RUN(test_netvirt__a_driver_that_does_not_answer_is_silent);
    RUN(test_netvirt__a_driver_that_answers_has_more_time_but_not_for_ever);
    RUN(test_netvirt__a_driver_that_does_not_come_up_is_silent);
    RUN(test_netvirt__a_device_that_fails_is_a_verdict);
    RUN(test_netvirt__parked_tenants_have_no_link_and_do_not_wait);
    RUN(test_netvirt__unparked_without_a_restart_the_driver_may_finish_old_frames);
    RUN(test_netvirt__a_new_vmm_is_served_when_the_old_ones_frames_are_through);
    RUN(test_netvirt__corrupt_counters_of_a_tenant_hurt_it_alone);
    RUN(test_netvirt__a_stream_needs_no_bells);
    RUN(test_netvirt__management_hears_of_the_link);
    return UNIT_RESULT();
}
