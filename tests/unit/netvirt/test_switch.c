/* Whose frame goes where, and how many: between tenants and the wire. */
#include "world.h"

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

/* What the device found right is passed on; of a frame from a neighbour nobody has looked at the checksum. */
static void test_netvirt__a_checksum_is_right_on_the_devices_word_only(void)
{
    ready();
    arrive_from(MAC(B), GATEWAY, 60, 1);
    device.receive[0].flags = NET_CHECKED;
    arrive_from(MAC(B), GATEWAY, 60, 1);
    settle();
    write_frame(A, MAC(B), 60, 1);
    settle();
    CHECK_EQ(got(B), 3);
    CHECK_EQ(channels[B].receive[0].flags, NET_CHECKED);
    CHECK_EQ(channels[B].receive[1].flags, 0);
    CHECK_EQ(channels[B].receive[2].flags, 0);
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
    RUN(test_netvirt__a_checksum_is_right_on_the_devices_word_only);
    RUN(test_netvirt__a_delivery_leaves_no_byte_of_another_frame);
    RUN(test_netvirt__a_vlan_is_tagged_on_the_wire_only);
    RUN(test_netvirt__a_tag_is_matched_and_taken_off);
    RUN(test_netvirt__peers_on_different_vlans_do_not_meet);
    RUN(test_netvirt__a_full_tenant_loses_its_own_frames_only);
    RUN(test_netvirt__one_tenant_cannot_take_all_places);
    RUN(test_netvirt__waiting_frames_move_when_the_driver_finishes);
    RUN(test_netvirt__a_rate_holds_and_a_burst_passes);
    RUN(test_netvirt__a_stream_needs_no_bells);
    return UNIT_RESULT();
}
