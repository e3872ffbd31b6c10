/* netdrv between a device in software and a netvirt that is this file. */
#include "netdrv.h"

#include <bulkhead/block.h>
#include <clock.h>

#include "../unit.h"
#include "model.h"

#define KHZ UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

static struct netdev_channel channel;
static struct netlink virt;
static struct netdrv driver;
static unsigned signals;
static uint64_t now;

void netdrv_signal(struct netdrv *which)
{
    CHECK(which == &driver);
    signals++;
}

static void begin(unsigned faults)
{
    model_reset();
    model.faults = faults;
    memset(&channel, 0, sizeof channel);
    memset(&driver, 0, sizeof driver);
    now = SECOND;
    signals = 0;
    driver.channel = &channel;
    driver.device = (struct e1000e){.rings = &model.rings,
                                    .rings_iova = MODEL_RINGS_IOVA,
                                    .receive_iova = MODEL_POOL_IOVA + NET_LIMITS_RECEIVE_OFFSET,
                                    .tsc_khz = KHZ};
    channel.epoch = 1;
    netdrv_begin(&driver, now);
    netlink_open_netdev(&virt, &channel, NETLINK_END_A);
}

/* One turn of the domain's loop. */
static uint64_t work(void)
{
    unsigned interrupts = model.interrupts;
    model.interrupts = 0;
    return netdrv_work(&driver, interrupts != 0, now);
}

static void settle(void)
{
    for (unsigned i = 0; i < 20 && work() == DEADLINE_NOW; i++) {
    }
}

static void ready(unsigned faults)
{
    begin(faults);
    settle();
    CHECK_EQ(channel.state, CHANNEL_STATE_READY);
}

static void push(struct net_transmit entry)
{
    CHECK(netring_space(&virt.transmit) != 0);
    channel.transmit[netring_index(virt.transmit.position)] = entry;
    virt.transmit.position++;
    (void)netring_publish(&virt.transmit);
}

/* A frame of @len bytes in slot @slot, its first 128 bytes in netvirt's own pool. */
static void push_frame(uint32_t slot, uint32_t len, uint8_t mark)
{
    uint32_t head = len < NET_LIMITS_HEADER_BYTES ? len : NET_LIMITS_HEADER_BYTES;
    memset(model.pool + NET_LIMITS_HEADER_OFFSET + slot * NET_LIMITS_HEADER_BYTES, mark, head);
    memset(model.tenant + slot * NET_LIMITS_SLOT_BYTES, mark + 1, len);
    push((struct net_transmit){
        .header = MODEL_POOL_IOVA + NET_LIMITS_HEADER_OFFSET + slot * NET_LIMITS_HEADER_BYTES,
        .header_len = (uint16_t)head,
        .rest = len > head ? MODEL_TENANT_IOVA + slot * NET_LIMITS_SLOT_BYTES + head : 0,
        .rest_len = (uint16_t)(len - head)});
}

static void test_netdrv__the_device_comes_up_with_its_address(void)
{
    begin(0);
    CHECK_EQ(channel.state, CHANNEL_STATE_STARTING);
    CHECK(signals != 0);
    CHECK_EQ(model.registers[E1000E_RCTL / 4], 0);
    CHECK_EQ(model.resets, 1);
    settle();
    CHECK_EQ(channel.state, CHANNEL_STATE_READY);
    CHECK_EQ(channel.mac, MODEL_MAC);
    CHECK_EQ(channel.link, 1);
    CHECK_EQ(channel.speed_mbit, 1000);
    CHECK_EQ(model.registers[E1000E_TDH / 4], 0);
    CHECK_EQ(model.registers[E1000E_CTRL / 4] & CTRL_MASTER_DISABLE, 0);
}

static void test_netdrv__nothing_is_served_before_netvirt_follows(void)
{
    begin(0);
    push_frame(0, 60, 1);
    channel.epoch_a = 0; /* of the past */
    settle();
    CHECK_EQ(channel.state, CHANNEL_STATE_STARTING);
    CHECK_EQ(model.sent_count, 0);
    CHECK_EQ(model.registers[E1000E_RCTL / 4], 0);
}

static void test_netdrv__a_device_that_does_not_answer_is_parked(void)
{
    const unsigned faults[] = {MODEL_ABSENT, MODEL_RESET_HANGS, MODEL_NO_ADDRESS, MODEL_GROUP_ADDRESS};
    for (unsigned i = 0; i < 4; i++) {
        begin(faults[i]);
        settle();
        CHECK_EQ(channel.state, CHANNEL_STATE_PARKED);
        channel.ping = 9;
        settle();
        CHECK_EQ(channel.pong, 9);
        CHECK_EQ(model.registers[E1000E_TCTL / 4] & TCTL_ENABLE, 0);
    }
}

static void test_netdrv__waiting_for_the_device_ends(void)
{
    begin(MODEL_BUSY);
    CHECK(model.waited_ns < SECOND / 10);
    settle();
    CHECK_EQ(channel.state, CHANNEL_STATE_READY);
}

static void test_netdrv__frames_leave_in_order_and_whole(void)
{
    ready(0);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 50; i++) {
            push_frame(i, i % 2 != 0 ? 60 + i : 1000 + i, (uint8_t)(round + i));
        }
        settle();
        CHECK_EQ(netring_space(&virt.transmit), NETRING_ENTRIES);
        for (unsigned i = 0; i < 50; i++) {
            unsigned at = (round * 50 + i) % MODEL_SENT;
            CHECK_EQ(model.sent_bytes[at], i % 2 != 0 ? 60 + i : 1000 + i);
            CHECK_EQ(model.sent[at][59], (uint8_t)(round + i));
            CHECK_EQ(model.sent[at][i % 2 != 0 ? 0 : 999], (uint8_t)(round + i + (i % 2 == 0)));
        }
    }
    CHECK_EQ(model.sent_count, 2000);
    CHECK_EQ(model.doorbells, 41); /* one a batch, and the first of the reset */
}

static void test_netdrv__a_full_ring_of_two_part_frames_fits(void)
{
    ready(MODEL_LAZY);
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < NETRING_ENTRIES; i++) {
            push_frame(i, 1514, (uint8_t)i);
        }
        settle();
        CHECK_EQ(netring_space(&virt.transmit), 0);
        model_run();
        CHECK(model.interrupts != 0); /* sending was asked to tell */
        settle();
        CHECK_EQ(netring_space(&virt.transmit), NETRING_ENTRIES);
    }
    CHECK_EQ(model.sent_count, 6 * NETRING_ENTRIES);
}

static void test_netdrv__sending_raises_no_interrupt_where_looking_suffices(void)
{
    ready(0);
    for (unsigned i = 0; i < 100; i++) {
        push_frame(0, 64, 1);
        settle();
    }
    CHECK_EQ(model.interrupts, 0);
}

static void refused(struct net_transmit entry)
{
    ready(0);
    unsigned resets = model.resets;
    push(entry);
    settle();
    CHECK_EQ(model.sent_count, 0);
    CHECK_EQ(model.resets, resets + 1);
    CHECK_EQ(model.registers[E1000E_RCTL / 4], 0);
    CHECK(channel.state != CHANNEL_STATE_READY);
}

static void test_netdrv__an_entry_that_is_no_frame_stops_the_channel(void)
{
    const uint64_t header = MODEL_POOL_IOVA + NET_LIMITS_HEADER_OFFSET;
    refused((struct net_transmit){.header = header, .header_len = 13});
    refused((struct net_transmit){.header = header, .header_len = 129});
    refused((struct net_transmit){
        .header = header, .header_len = 128, .rest = MODEL_TENANT_IOVA, .rest_len = 1391});
    refused((struct net_transmit){.header = header, .header_len = 60, .flags = 1});
}

static void test_netdrv__an_impossible_counter_stops_the_channel(void)
{
    ready(0);
    channel.transmit_head = NETRING_ENTRIES + 1;
    settle();
    CHECK_EQ(model.registers[E1000E_RCTL / 4], 0);
    ready(0);
    channel.receive_tail = 1;
    settle();
    CHECK_EQ(model.registers[E1000E_RCTL / 4], 0);
}

static unsigned take_all(void)
{
    unsigned taken = netring_pending(&virt.receive);
    virt.receive.position += taken;
    (void)netring_publish(&virt.receive);
    return taken;
}

static void test_netdrv__frames_arrive_in_their_slots(void)
{
    uint8_t frame[1518];
    unsigned total = 0;
    ready(0);
    for (unsigned i = 0; i < 1000; i++) {
        memset(frame, (int)i, sizeof frame);
        CHECK(model_arrive(frame, (uint16_t)(60 + i % 1400), RECEIVE_DONE | RECEIVE_END, 0));
        if (i % 7 == 0) {
            settle();
            uint32_t pending = netring_pending(&virt.receive);
            for (uint32_t k = 0; k < pending; k++, total++) {
                uint32_t position = virt.receive.position + k;
                CHECK_EQ(channel.receive[netring_index(position)].len, 60 + total % 1400);
                CHECK_EQ(model.pool[netring_receive_offset(position) + 59], (uint8_t)total);
            }
            CHECK_EQ(take_all(), pending);
        }
    }
    CHECK(total > 990);
}

static void test_netdrv__interrupts_are_gathered_and_none_is_lost(void)
{
    uint8_t frame[60] = {0};
    ready(0);
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned i = 0; i < 9; i++) {
            CHECK(model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0));
        }
        CHECK_EQ(model.interrupts, 1);
        settle();
        CHECK_EQ(model.interrupts, 0);
        CHECK_EQ(take_all(), 9);
    }
}

static void test_netdrv__a_full_channel_leaves_frames_on_the_wire(void)
{
    uint8_t frame[60] = {0};
    unsigned in = 0;
    ready(0);
    while (model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0)) {
        in++;
    }
    CHECK_EQ(in, NETRING_ENTRIES - 1);
    settle();
    settle();
    CHECK_EQ(take_all(), NETRING_ENTRIES - 1);
    settle();
    CHECK(model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0));
}

static void skipped(uint16_t len, uint8_t status, uint8_t errors)
{
    ready(0);
    CHECK(model_arrive(NULL, len, status, errors));
    settle();
    CHECK_EQ(netring_pending(&virt.receive), 1);
    CHECK_EQ(channel.receive[0].len, 0);
    CHECK_EQ(driver.device.errors, 1);
}

static void test_netdrv__what_the_device_reports_wrong_is_no_frame(void)
{
    skipped(1519, RECEIVE_DONE | RECEIVE_END, 0);
    skipped(65535, RECEIVE_DONE | RECEIVE_END, 0);
    skipped(13, RECEIVE_DONE | RECEIVE_END, 0);
    skipped(100, RECEIVE_DONE, 0);
    skipped(100, RECEIVE_DONE | RECEIVE_END, 1);
    skipped(100, RECEIVE_DONE | RECEIVE_END, 0x80);
}

static void checksum(uint8_t status, uint8_t errors, uint16_t flags)
{
    ready(0);
    CHECK_EQ(model.registers[E1000E_RXCSUM / 4], RXCSUM_IP | RXCSUM_TRANSPORT);
    CHECK(model_arrive(NULL, 100, RECEIVE_DONE | RECEIVE_END | status, errors));
    settle();
    CHECK_EQ(netring_pending(&virt.receive), 1);
    CHECK_EQ(channel.receive[0].len, 100);
    CHECK_EQ(channel.receive[0].flags, flags);
}

static void test_netdrv__only_a_checksum_that_was_right_is_told(void)
{
    checksum(RECEIVE_UDP | RECEIVE_TCP, 0, NET_CHECKED);
    checksum(RECEIVE_TCP, 0, NET_CHECKED);
    checksum(0, 0, 0);
    checksum(0x40, 0, 0); /* IP's alone */
    checksum(RECEIVE_TCP | RECEIVE_IGNORE_CHECKSUM, 0, 0);
    checksum(RECEIVE_TCP, 0x20, 0);
    checksum(RECEIVE_TCP, 0x40, 0);
}

static void test_netdrv__a_descriptor_that_was_not_given_is_not_read(void)
{
    ready(0);
    for (unsigned i = 0; i < RECEIVE_DESCRIPTORS; i++) {
        model.rings.receive[i].status = RECEIVE_DONE | RECEIVE_END;
        model.rings.receive[i].length = 60;
    }
    settle();
    settle();
    CHECK_EQ(netring_pending(&virt.receive), NETRING_ENTRIES - 1);
}

static void test_netdrv__link_changes_are_told(void)
{
    ready(0);
    unsigned before = signals;
    model_link(false);
    settle();
    CHECK_EQ(channel.link, 0);
    CHECK(signals > before);
    model_link(true);
    settle();
    CHECK_EQ(channel.link, 1);
}

static void test_netdrv__without_a_link_frames_are_dropped_not_kept(void)
{
    ready(MODEL_LAZY);
    for (unsigned i = 0; i < 3; i++) {
        push_frame(i, 100, 1);
    }
    settle();
    model_link(false);
    settle();
    settle();
    CHECK_EQ(netring_space(&virt.transmit), NETRING_ENTRIES);
    push_frame(3, 100, 1);
    settle();
    CHECK_EQ(netring_space(&virt.transmit), NETRING_ENTRIES);
    model_run();
    CHECK_EQ(model.sent_count, 0);
}

static void pass(uint64_t ns)
{
    now += ns;
    settle();
}

static void test_netdrv__a_device_that_stands_still_is_reset_and_given_its_frames_again(void)
{
    ready(MODEL_STILL);
    push_frame(0, 100, 7);
    push_frame(1, 1000, 9);
    settle();
    unsigned resets = model.resets;
    pass(NETDRV_LOOK_NS);
    CHECK_EQ(model.resets, resets);
    model.faults = 0;
    pass(NETDRV_LOOK_NS);
    CHECK_EQ(model.resets, resets + 1);
    CHECK_EQ(driver.hangs, 1);
    CHECK_EQ(channel.resets, 1);
    CHECK_EQ(model.sent_count, 2);
    CHECK_EQ(model.sent_bytes[1], 1000);
    CHECK_EQ(netring_space(&virt.transmit), NETRING_ENTRIES);
}

static void test_netdrv__an_impossible_head_counts_as_standing_still(void)
{
    ready(MODEL_LAZY);
    push_frame(0, 100, 7);
    settle();
    pass(NETDRV_LOOK_NS);
    unsigned resets = model.resets;
    model.faults |= MODEL_HEAD_WILD;
    pass(NETDRV_LOOK_NS);
    CHECK_EQ(model.resets, resets + 1);
}

static void test_netdrv__reception_goes_on_in_its_slot_after_a_reset(void)
{
    uint8_t frame[60];
    ready(MODEL_LAZY);
    memset(frame, 1, sizeof frame);
    CHECK(model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0));
    settle();
    push_frame(0, 100, 7);
    settle();
    pass(NETDRV_LOOK_NS);
    pass(NETDRV_LOOK_NS);
    CHECK_EQ(driver.hangs, 1);
    memset(frame, 2, sizeof frame);
    CHECK(model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0));
    settle();
    CHECK_EQ(netring_pending(&virt.receive), 2);
    CHECK_EQ(model.pool[NET_LIMITS_RECEIVE_OFFSET], 1);
    CHECK_EQ(model.pool[NET_LIMITS_RECEIVE_OFFSET + NET_LIMITS_SLOT_BYTES], 2);
}

static void test_netdrv__a_new_epoch_resets_the_device_first(void)
{
    ready(MODEL_LAZY);
    push_frame(0, 100, 7);
    settle();
    unsigned resets = model.resets;
    memset(&channel, 0, sizeof channel);
    channel.epoch = 2;
    settle();
    CHECK_EQ(model.resets, resets + 1);
    CHECK_EQ(channel.epoch_b, 2);
    CHECK_EQ(channel.state, CHANNEL_STATE_STARTING);
    model_run();
    CHECK_EQ(model.sent_count, 0);
    netlink_open_netdev(&virt, &channel, NETLINK_END_A);
    model.faults = 0;
    settle();
    CHECK_EQ(channel.state, CHANNEL_STATE_READY);
    push_frame(4, 100, 9);
    settle();
    CHECK_EQ(model.sent_count, 1);
    CHECK_EQ(model.sent[0][0], 9);
    CHECK_EQ(model.dma_while_stopped, 0);
}

static void test_netdrv__pings_are_answered(void)
{
    ready(0);
    channel.ping = 41;
    settle();
    CHECK_EQ(channel.pong, 41);
}

static void test_netdrv__statistics_are_shown(void)
{
    uint8_t frame[60] = {0};
    ready(0);
    for (unsigned i = 0; i < 5; i++) {
        CHECK(model_arrive(frame, 60, RECEIVE_DONE | RECEIVE_END, 0));
    }
    push_frame(0, 100, 1);
    settle();
    pass(NETDRV_LOOK_NS);
    CHECK_EQ(channel.received, 5);
    CHECK_EQ(channel.sent, 1);
}

int main(void)
{
    RUN(test_netdrv__the_device_comes_up_with_its_address);
    RUN(test_netdrv__nothing_is_served_before_netvirt_follows);
    RUN(test_netdrv__a_device_that_does_not_answer_is_parked);
    RUN(test_netdrv__waiting_for_the_device_ends);
    RUN(test_netdrv__frames_leave_in_order_and_whole);
    RUN(test_netdrv__a_full_ring_of_two_part_frames_fits);
    RUN(test_netdrv__sending_raises_no_interrupt_where_looking_suffices);
    RUN(test_netdrv__an_entry_that_is_no_frame_stops_the_channel);
    RUN(test_netdrv__an_impossible_counter_stops_the_channel);
    RUN(test_netdrv__frames_arrive_in_their_slots);
    RUN(test_netdrv__interrupts_are_gathered_and_none_is_lost);
    RUN(test_netdrv__a_full_channel_leaves_frames_on_the_wire);
    RUN(test_netdrv__what_the_device_reports_wrong_is_no_frame);
    RUN(test_netdrv__only_a_checksum_that_was_right_is_told);
    RUN(test_netdrv__a_descriptor_that_was_not_given_is_not_read);
    RUN(test_netdrv__link_changes_are_told);
    RUN(test_netdrv__without_a_link_frames_are_dropped_not_kept);
    RUN(test_netdrv__a_device_that_stands_still_is_reset_and_given_its_frames_again);
    RUN(test_netdrv__an_impossible_head_counts_as_standing_still);
    RUN(test_netdrv__reception_goes_on_in_its_slot_after_a_reset);
    RUN(test_netdrv__a_new_epoch_resets_the_device_first);
    RUN(test_netdrv__pings_are_answered);
    RUN(test_netdrv__statistics_are_shown);
    return UNIT_RESULT();
}
