/* What becomes of frames when the driver, or a VMM, is rebuilt, parked, silent or corrupt. */
#include "world.h"

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
    ready();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_UP);
    device.link = 0;
    settle();
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_DOWN);
    netvirt_park(&virt, true, now);
    CHECK_EQ(netvirt_link(&virt), SERVICE_LINK_NONE);
    netvirt_park(&virt, false, now);
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
    device.receive[0].flags = NET_CHECKED << 1;
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

int main(void)
{
    RUN(test_netvirt__frames_not_known_sent_are_sent_again_in_order);
    RUN(test_netvirt__a_stream_survives_many_restarts);
    RUN(test_netvirt__tenants_keep_their_link_while_the_driver_is_rebuilt);
    RUN(test_netvirt__management_hears_of_the_link);
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
    return UNIT_RESULT();
}
