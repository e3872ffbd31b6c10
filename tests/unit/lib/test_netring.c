/* Frame rings against another end that may write anything into the shared page. */
#include "netring.h"

#include "unit.h"

static struct net_channel channel;
static struct netlink vmm, virt;

static void open_both(void)
{
    memset(&channel, 0, sizeof channel);
    netlink_open_net(&vmm, &channel, NETLINK_END_A);
    netlink_open_net(&virt, &channel, NETLINK_END_B);
}

/* The producer fills @count entries; answers whether the other end wants a signal. */
static bool produce(struct netring *ring, uint32_t count)
{
    CHECK(netring_space(ring) >= count);
    ring->position += count;
    return netring_publish(ring);
}

static bool consume(struct netring *ring, uint32_t count)
{
    CHECK(netring_pending(ring) >= count);
    ring->position += count;
    return netring_publish(ring);
}

static void test_netring__frames_go_round_both_ways(void)
{
    open_both();
    for (unsigned round = 0; round < 2000; round++) {
        uint32_t count = round % NETRING_ENTRIES + 1;
        produce(&vmm.transmit, count);
        CHECK_EQ(netring_pending(&virt.transmit), count);
        consume(&virt.transmit, count);
        CHECK_EQ(netring_space(&vmm.transmit), NETRING_ENTRIES);
        produce(&virt.receive, count);
        CHECK_EQ(netring_pending(&vmm.receive), count);
        CHECK_EQ(netring_space(&virt.receive), NETRING_ENTRIES - count);
        consume(&vmm.receive, count);
    }
    CHECK(!netlink_broken(&vmm) && !netlink_broken(&virt));
}

static void test_netring__counters_wrap(void)
{
    open_both();
    vmm.transmit.position = vmm.transmit.told = vmm.transmit.seen = UINT32_MAX - 3;
    virt.transmit.position = virt.transmit.told = virt.transmit.seen = UINT32_MAX - 3;
    channel.transmit_head = channel.transmit_tail = UINT32_MAX - 3;
    CHECK(!netring_ask(&virt.transmit, 8));
    CHECK(!produce(&vmm.transmit, 7));
    CHECK(produce(&vmm.transmit, 1));
    CHECK(!produce(&vmm.transmit, 1));
    CHECK_EQ(netring_pending(&virt.transmit), 9);
    consume(&virt.transmit, 9);
    CHECK_EQ(netring_space(&vmm.transmit), NETRING_ENTRIES);
}

static void test_netring__a_head_beyond_the_ring_breaks_it(void)
{
    open_both();
    channel.transmit_head = NETRING_ENTRIES + 1;
    CHECK_EQ(netring_pending(&virt.transmit), 0);
    CHECK(netlink_broken(&virt));
    channel.transmit_head = 1;
    CHECK_EQ(netring_pending(&virt.transmit), 0);
}

static void test_netring__a_head_that_runs_backwards_breaks_it(void)
{
    open_both();
    produce(&vmm.transmit, 5);
    CHECK_EQ(netring_pending(&virt.transmit), 5);
    channel.transmit_head = 4;
    CHECK_EQ(netring_pending(&virt.transmit), 0);
    CHECK(netlink_broken(&virt));
}

static void test_netring__a_tail_beyond_the_head_breaks_it(void)
{
    open_both();
    produce(&vmm.transmit, 5);
    channel.transmit_tail = 6;
    CHECK_EQ(netring_space(&vmm.transmit), 0);
    CHECK(netlink_broken(&vmm));
}

static void test_netring__a_tail_that_runs_backwards_breaks_it(void)
{
    open_both();
    produce(&vmm.transmit, 5);
    channel.transmit_tail = 3;
    CHECK_EQ(netring_space(&vmm.transmit), NETRING_ENTRIES - 2);
    channel.transmit_tail = 2;
    CHECK_EQ(netring_space(&vmm.transmit), 0);
    CHECK(netlink_broken(&vmm));
}

static void test_netring__own_counter_in_the_page_is_not_believed(void)
{
    open_both();
    produce(&vmm.transmit, 2);
    channel.transmit_head = 99; /* the other end writes it */
    CHECK_EQ(netring_space(&vmm.transmit), NETRING_ENTRIES - 2);
    produce(&vmm.transmit, 1);
    CHECK_EQ(channel.transmit_head, 3);
}

static void test_netring__signals_only_where_asked(void)
{
    open_both();
    CHECK(produce(&vmm.transmit, 1)); /* the first movement always tells */
    CHECK(!produce(&vmm.transmit, 1));
    CHECK_EQ(netring_pending(&virt.transmit), 2);
    CHECK(!netring_ask(&virt.transmit, 1));
    CHECK(!netring_publish(&vmm.transmit)); /* nothing moved */
    CHECK(produce(&vmm.transmit, 3));
    CHECK(!produce(&vmm.transmit, 3));
    CHECK_EQ(netring_pending(&virt.transmit), 8);
    consume(&virt.transmit, 8);
    CHECK(!netring_ask(&virt.transmit, 4));
    CHECK(!produce(&vmm.transmit, 3));
    CHECK(produce(&vmm.transmit, 1));
}

static void test_netring__asking_too_late_is_noticed(void)
{
    open_both();
    CHECK_EQ(netring_pending(&virt.transmit), 0);
    produce(&vmm.transmit, 2);
    CHECK(netring_ask(&virt.transmit, 1));
    CHECK(!netring_ask(&virt.transmit, 1));
    produce(&vmm.transmit, NETRING_ENTRIES - 2);
    CHECK(!netring_ask(&virt.transmit, NETRING_ENTRIES));
    CHECK_EQ(netring_pending(&virt.transmit), NETRING_ENTRIES);
    channel.transmit_head = 7;
    CHECK(!netring_ask(&virt.transmit, 1));
    CHECK(netlink_broken(&virt));
}

static void test_netring__a_new_epoch_starts_over(void)
{
    open_both();
    produce(&vmm.transmit, 5);
    CHECK_EQ(netlink_check(&vmm), NETLINK_TOGETHER);
    memset(&channel, 0, sizeof channel); /* builder rebuilds netvirt */
    channel.epoch = 1;
    CHECK_EQ(netlink_check(&vmm), NETLINK_REBUILT);
    netlink_open_net(&virt, &channel, NETLINK_END_B);
    /* The VMM, in the middle of something, still publishes what it had. */
    produce(&vmm.transmit, 3);
    CHECK_EQ(netlink_check(&virt), NETLINK_APART);
    netlink_follow(&vmm);
    CHECK_EQ(netlink_check(&virt), NETLINK_TOGETHER);
    CHECK_EQ(netring_pending(&virt.transmit), 0);
    CHECK(produce(&vmm.transmit, 1));
    CHECK_EQ(netring_pending(&virt.transmit), 1);
    CHECK(!netlink_broken(&vmm) && !netlink_broken(&virt));
}

static void test_netring__a_broken_ring_heals_with_the_epoch(void)
{
    open_both();
    channel.receive_tail = 1;
    CHECK_EQ(netring_space(&virt.receive), 0);
    CHECK(netlink_broken(&virt));
    memset(&channel, 0, sizeof channel);
    channel.epoch = 1;
    netlink_follow(&virt);
    CHECK(!netlink_broken(&virt));
    CHECK_EQ(netring_space(&virt.receive), NETRING_ENTRIES);
}

static void test_netring__the_device_channel_has_the_same_ends(void)
{
    static struct netdev_channel device;
    struct netlink upper, lower;
    netlink_open_netdev(&upper, &device, NETLINK_END_A);
    netlink_open_netdev(&lower, &device, NETLINK_END_B);
    CHECK(produce(&upper.transmit, 2));
    CHECK(produce(&lower.receive, 1));
    CHECK_EQ(device.transmit_head, 2);
    CHECK_EQ(device.receive_head, 1);
    CHECK_EQ(netring_pending(&lower.transmit), 2);
    CHECK_EQ(netring_pending(&upper.receive), 1);
    CHECK_EQ(netlink_check(&upper), NETLINK_TOGETHER);
}

static void test_netring__an_entry_is_one_copy(void)
{
    const struct net_frame frame = {.len = 1514, .flags = 2, .reserved = 0x12345678};
    struct net_frame copy = netring_frame(&frame);
    CHECK_EQ(copy.len, 1514);
    CHECK_EQ(copy.flags, 2);
    CHECK_EQ(copy.reserved, 0x12345678);
    CHECK_EQ(netring_transmit_offset(257), NET_LIMITS_SLOT_BYTES);
    CHECK_EQ(netring_receive_offset(255) + NET_LIMITS_SLOT_BYTES, NET_LIMITS_HEADER_OFFSET);
    CHECK_EQ(netring_header_offset(511), NET_LIMITS_HEADER_OFFSET + 255 * NET_LIMITS_HEADER_BYTES);
}

int main(void)
{
    RUN(test_netring__frames_go_round_both_ways);
    RUN(test_netring__counters_wrap);
    RUN(test_netring__a_head_beyond_the_ring_breaks_it);
    RUN(test_netring__a_head_that_runs_backwards_breaks_it);
    RUN(test_netring__a_tail_beyond_the_head_breaks_it);
    RUN(test_netring__a_tail_that_runs_backwards_breaks_it);
    RUN(test_netring__own_counter_in_the_page_is_not_believed);
    RUN(test_netring__signals_only_where_asked);
    RUN(test_netring__asking_too_late_is_noticed);
    RUN(test_netring__a_new_epoch_starts_over);
    RUN(test_netring__a_broken_ring_heals_with_the_epoch);
    RUN(test_netring__the_device_channel_has_the_same_ends);
    RUN(test_netring__an_entry_is_one_copy);
    return UNIT_RESULT();
}
