/* netvirt between two or three tenants and a driver: they are what stands here. */
#ifndef TEST_NETVIRT_WORLD_H
#define TEST_NETVIRT_WORLD_H

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

static inline void settle(void)
{
    for (unsigned i = 0; i < 20; i++) {
        deadline = netvirt_work(&virt, now);
        if (deadline != DEADLINE_NOW) {
            return;
        }
    }
}

static inline void driver_up(void)
{
    netlink_open_netdev(&driver, &device, NETLINK_END_B);
    device.state = CHANNEL_STATE_READY;
    device.link = 1;
}

/* A and B speak to each other, C to nobody. */
static inline void open_all(void)
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

static inline void begin(void)
{
    netvirt_begin(&virt, now);
    for (unsigned i = 0; i < TENANTS; i++) {
        netlink_open_net(&guests[i], &channels[i], NETLINK_END_A);
    }
    settle();
    driver_up();
    settle();
}

static inline void ready(void)
{
    open_all();
    begin();
}

static inline void put_header(uint8_t *frame, uint64_t to, uint64_t from, uint16_t type)
{
    for (unsigned i = 0; i < 6; i++) {
        frame[i] = (uint8_t)(to >> 8 * i);
        frame[6 + i] = (uint8_t)(from >> 8 * i);
    }
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
}

/* The tenant's VMM writes a frame; bytes after the header count up from @mark. */
static inline void write_typed(unsigned who, uint64_t to, uint64_t from, uint16_t type, uint32_t len,
                               uint8_t mark)
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

static inline void write_frame(unsigned who, uint64_t to, uint32_t len, uint8_t mark)
{
    write_typed(who, to, MAC(who), 0x0800, len, mark);
}

/* What the device reads for the frame of the driver's ring at @position. */
static inline uint32_t gather(uint32_t position, uint8_t *out)
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

static inline uint32_t driver_pending(void)
{
    return netring_pending(&driver.transmit);
}

static inline void driver_done(uint32_t count)
{
    driver.transmit.position += count;
    (void)netring_publish(&driver.transmit);
}

static inline void arrive(const uint8_t *frame, uint32_t len)
{
    struct netring *ring = &driver.receive;
    CHECK(netring_space(ring) != 0);
    memcpy(device_pool + netring_receive_offset(ring->position), frame, len);
    device.receive[netring_index(ring->position)] = (struct net_frame){.len = (uint16_t)len};
    ring->position++;
    (void)netring_publish(ring);
}

static inline void arrive_from(uint64_t to, uint64_t from, uint32_t len, uint8_t mark)
{
    uint8_t frame[1518];
    memset(frame, mark, sizeof frame);
    put_header(frame, to, from, 0x0800);
    arrive(frame, len);
}

static inline uint32_t got(unsigned who)
{
    return netring_pending(&guests[who].receive);
}

#endif
