#include "netdrv.h"

#include <bulkhead/block.h>
#include <clock.h>
#include <log.h>

enum {
    HEADER_LEAST = 14, /* a frame's addresses and type */
    BATCH = 32,        /* frames of one direction before the other has its turn */
    FREE_TOLD = 128,   /* slots that netvirt frees before it tells */
    ROUNDS = 16        /* of work between two looks at the bell */
};

static void show_state(struct netdrv *driver, enum channel_state state)
{
    __atomic_store_n(&driver->channel->state, state, __ATOMIC_RELEASE);
}

static void show_device(struct netdrv *driver)
{
    volatile struct netdev_channel *channel = driver->channel;
    const struct e1000e *device = &driver->device;
    channel->mac = device->mac;
    channel->speed_mbit = device->speed_mbit;
    channel->resets = (uint32_t)driver->hangs;
    channel->received = device->received;
    channel->sent = device->sent;
    channel->missed = device->missed;
    channel->errors = device->errors;
    channel->link = device->link_up;
}

/* The device stands still, its rings empty. What was in flight is given to it again from the ring, or dropped where nothing
 * leads out. */
static void restart_device(struct netdrv *driver)
{
    driver->running = false;
    if (!e1000e_reset(&driver->device)) {
        driver->failed = true;
        show_state(driver, CHANNEL_STATE_PARKED);
        log_line("netdrv: the device does not come up");
        return;
    }
    driver->taken = driver->link.transmit.position;
    driver->waiting_seen = false;
}

void netdrv_begin(struct netdrv *driver, uint64_t now)
{
    netlink_open_netdev(&driver->link, driver->channel, NETLINK_END_B);
    show_state(driver, CHANNEL_STATE_STARTING);
    restart_device(driver);
    driver->look_at = now;
    netdrv_signal(driver);
}

/* Reception begins at netvirt's first slot, wherever the counters stand: after a reset of the device alone the slots that
 * were posted and not filled are posted again. */
static void run(struct netdrv *driver)
{
    struct e1000e *device = &driver->device;
    driver->running = true;
    e1000e_start(device, driver->link.receive.position);
    show_device(driver);
    show_state(driver, CHANNEL_STATE_READY);
    log_line("netdrv: %02x:%02x:%02x:%02x:%02x:%02x, link %s", (unsigned)(device->mac & 0xff),
             (unsigned)(device->mac >> 8 & 0xff), (unsigned)(device->mac >> 16 & 0xff),
             (unsigned)(device->mac >> 24 & 0xff), (unsigned)(device->mac >> 32 & 0xff),
             (unsigned)(device->mac >> 40 & 0xff), device->link_up ? "up" : "down");
    netdrv_signal(driver);
}

static bool entry_good(const struct net_transmit *entry)
{
    return entry->header_len >= HEADER_LEAST && entry->header_len <= NET_LIMITS_HEADER_BYTES &&
           entry->rest_len <= NET_LIMITS_FRAME_BYTES - entry->header_len && entry->flags == 0;
}

/* Frames in the order of the ring. One that is none ends the driver's trust in the whole channel. Without a link none leaves:
 * they are dropped, as on a wire that is not there. */
static void take(struct netdrv *driver)
{
    struct netring *ring = &driver->link.transmit;
    if (!netring_look(ring)) {
        return;
    }
    for (; driver->taken != ring->seen; driver->taken++) {
        struct net_transmit entry =
            netring_transmit_entry(&driver->channel->transmit[netring_index(driver->taken)]);
        if (!entry_good(&entry)) {
            ring->broken = true;
            break;
        }
        if (driver->device.link_up) {
            e1000e_transmit(&driver->device, driver->taken, &entry);
        } else {
            ring->position++;
        }
    }
    e1000e_transmit_ring(&driver->device);
}

static void finish(struct netdrv *driver)
{
    struct netring *ring = &driver->link.transmit;
    while (ring->position != driver->taken && e1000e_transmit_done(&driver->device, ring->position)) {
        ring->position++;
    }
}

/* Answers whether there may be more. */
static bool receive(struct netdrv *driver)
{
    struct netring *ring = &driver->link.receive;
    struct net_frame frame;
    uint32_t count = 0;
    while (count < BATCH && e1000e_receive(&driver->device, ring->position, &frame)) {
        driver->channel->receive[netring_index(ring->position)] = frame;
        ring->position++;
        count++;
    }
    return count == BATCH;
}

/* Slots that netvirt has given back, all but one: a ring whose tail meets its head is empty to the device. */
static void post(struct netdrv *driver)
{
    struct netring *ring = &driver->link.receive;
    if (netring_look(ring)) {
        e1000e_receive_post(&driver->device, ring->seen + NETRING_ENTRIES - 1);
    }
}

/* The two movements that netvirt may wait for, one signal. */
static void publish(struct netdrv *driver)
{
    bool transmit = netring_publish(&driver->link.transmit);
    bool receive = netring_publish(&driver->link.receive);
    if (transmit || receive) {
        netdrv_signal(driver);
    }
}

/* A round of work; then signals are asked for and the interrupt armed, each followed by one more look, until that finds
 * nothing. Answers whether there may be more. */
static bool serve(struct netdrv *driver)
{
    struct netlink *link = &driver->link;
    bool more = true;
    for (uint32_t round = 0; more && round < ROUNDS; round++) {
        take(driver);
        more = receive(driver);
        finish(driver);
        publish(driver);
        post(driver);
        if (netlink_broken(link)) {
            return false;
        }
        bool waiting = link->transmit.position != driver->taken;
        if (!more && !e1000e_armed(&driver->device, waiting)) {
            e1000e_forget(&driver->device);
            more = e1000e_transmit_done(&driver->device, link->transmit.position) && waiting;
            more |= e1000e_receive_waits(&driver->device, link->receive.position);
            e1000e_arm(&driver->device, waiting);
        }
        more |= netring_ask(&link->transmit, 1);
        more |= netring_ask(&link->receive, FREE_TOLD);
    }
    return more;
}

/* Frames in flight when the link went are lost; so the device never holds one without a link. */
static void lose_link(struct netdrv *driver)
{
    driver->link.transmit.position = driver->taken;
    restart_device(driver);
}

/* A device that has frames, a link, and moves nothing between two looks hangs. */
static void look(struct netdrv *driver, uint64_t now)
{
    struct netring *ring = &driver->link.transmit;
    bool changed = e1000e_look(&driver->device);
    uint32_t head = e1000e_transmit_head(&driver->device);
    bool waiting = ring->position != driver->taken;
    bool still = waiting && driver->waiting_seen && ring->position == driver->done_seen &&
                 (head == driver->head_seen || head == UINT32_MAX);
    driver->head_seen = head;
    driver->done_seen = ring->position;
    driver->waiting_seen = waiting;
    driver->look_at = now + clock_ns_to_ticks(NETDRV_LOOK_NS, driver->device.tsc_khz);
    show_device(driver);
    if (changed) {
        log_line("netdrv: link %s", driver->device.link_up ? "up" : "down");
        netdrv_signal(driver);
    }
    if (!driver->device.link_up && waiting) {
        lose_link(driver);
    } else if (still) {
        driver->hangs++;
        log_line("netdrv: the device stands still with %u frames, reset %llu", driver->taken - ring->position,
                 (unsigned long long)driver->hangs);
        restart_device(driver);
    }
}

/* builder has rebuilt netvirt: its pool is another one now, so no old transfer may be left when this end shows the epoch. */
static void follow(struct netdrv *driver)
{
    restart_device(driver);
    netlink_follow(&driver->link);
    show_state(driver, driver->failed ? CHANNEL_STATE_PARKED : CHANNEL_STATE_STARTING);
    driver->taken = 0;
    netdrv_signal(driver);
}

/* netvirt has written what it cannot mean: the device rests until netvirt is rebuilt. */
static void distrust(struct netdrv *driver)
{
    log_line("netdrv: netvirt's end of the channel is corrupt");
    (void)e1000e_reset(&driver->device);
    driver->running = false;
    show_state(driver, CHANNEL_STATE_STARTING);
}

uint64_t netdrv_work(struct netdrv *driver, bool interrupt, uint64_t now)
{
    enum netlink_state state = netlink_check(&driver->link);
    bool more = false;
    if (state == NETLINK_REBUILT) {
        follow(driver);
        state = netlink_check(&driver->link);
    }
    *(volatile uint32_t *)&driver->channel->pong = *(volatile uint32_t *)&driver->channel->ping;
    if (driver->failed || state != NETLINK_TOGETHER || netlink_broken(&driver->link)) {
        return DEADLINE_NEVER;
    }
    if (!driver->running) {
        run(driver);
    }
    if ((interrupt && e1000e_interrupt(&driver->device)) || now >= driver->look_at) {
        look(driver, now);
    }
    if (driver->running) {
        more = serve(driver);
    }
    if (netlink_broken(&driver->link)) {
        distrust(driver);
        return DEADLINE_NEVER;
    }
    return more || !driver->running ? DEADLINE_NOW : driver->look_at;
}
