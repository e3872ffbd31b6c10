/* netvirt against tenants and a driver that write whatever they like into their channels and pools, between any two turns.
 * Every region stands in a heap block of its exact size. What must hold afterwards: a frame on its way to the wire has its
 * checked header in netvirt's own pool, under its tenant's address, and its rest in that tenant's pool; C, who is nobody's
 * peer, hears nothing of A and B. */
#include <stdlib.h>
#include <string.h>

#include <bulkhead/block.h>
#include <log.h>

#include "netvirt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { A, B, C, TENANTS };

#define POOL_IOVA(n) (UINT64_C(0x1000000000) + (uint64_t)(n)*NET_LIMITS_POOL_BYTES)
#define MAC(n) (UINT64_C(0x000000484202) | (uint64_t)((n) + 1) << 40)
#define MARK 0xa5 /* all that A and B send */

static struct {
    struct netvirt virt;
    struct net_channel *channels[TENANTS];
    uint8_t *pools[TENANTS];
    struct netdev_channel *device;
    uint8_t *device_pool;
    uint64_t now;
} world;

struct step {
    uint8_t operation, who, where, value[4];
};

void netvirt_signal(uint32_t slot, uint32_t bits)
{
    (void)slot;
    (void)bits;
}

void log_line(const char *format, ...)
{
    (void)format;
}

static void require_that(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void build(void)
{
    memset(&world.virt, 0, sizeof world.virt);
    memset(world.device, 0, sizeof *world.device);
    world.now = 1000000000;
    world.virt.channel = world.device;
    world.virt.pool = world.device_pool;
    world.virt.pool_iova = POOL_IOVA(TENANTS);
    world.virt.tsc_khz = 1000000;
    world.virt.tenant_count = TENANTS;
    for (unsigned i = 0; i < TENANTS; i++) {
        memset(world.channels[i], 0, sizeof *world.channels[i]);
        memset(world.pools[i] + NET_LIMITS_RECEIVE_OFFSET, 0, 64 * NET_LIMITS_SLOT_BYTES);
        world.virt.tenants[i] = (struct tenant){.name = {(char)('a' + i)},
                                                .channel = world.channels[i],
                                                .pool = world.pools[i],
                                                .pool_iova = POOL_IOVA(i),
                                                .mac = MAC(i),
                                                .vlan = i == B ? 7 : 0};
    }
    rate_init(&world.virt.tenants[B].rate, 10000, 1000000);
    world.virt.tenants[A].peers = 1u << B;
    world.virt.tenants[B].peers = 1u << A;
    netvirt_begin(&world.virt, world.now);
}

static uint32_t value_of(const struct step *step)
{
    uint32_t value;
    memcpy(&value, step->value, sizeof value);
    return value;
}

/* Any word of the page's head, or of its rings. */
static void write_word(const struct step *step)
{
    unsigned who = step->who % (TENANTS + 1);
    uint32_t *page = who == TENANTS ? (void *)world.device : (void *)world.channels[who];
    uint32_t words = step->where < 128 ? 32 : 600;
    page[(step->where & 127u) * 5u % words] = value_of(step);
}

/* What an honest tenant does: a frame, then its counter. The addresses come from the input. */
static void write_frame(const struct step *step)
{
    unsigned who = step->who % TENANTS;
    struct net_channel *channel = world.channels[who];
    uint32_t position = channel->transmit_head;
    uint8_t *slot = world.pools[who] + netring_transmit_offset(position);
    memset(slot, who == C ? 0 : MARK, 64);
    const uint64_t to[] = {MAC(A), MAC(B), MAC(C), FRAME_MAC_MASK};
    uint64_t destination = to[step->value[0] & 3], source = step->value[1] == 0xff ? MAC(A) : MAC(who);
    memcpy(slot, &destination, 6);
    memcpy(slot + 6, &source, 6);
    slot[12] = step->value[2];
    channel->transmit[netring_index(position)] = (struct net_frame){.len = (uint16_t)(step->where * 8)};
    channel->epoch_a = channel->epoch;
    channel->transmit_head = position + 1;
}

static void receive_frame(const struct step *step)
{
    uint32_t position = world.device->receive_head;
    uint8_t *slot = world.device_pool + netring_receive_offset(position);
    memset(slot, 0, 64);
    memcpy(slot, "\x02\x42\x48\x00\x00", 5);
    slot[5] = (uint8_t)(step->value[0] & 3);
    slot[12] = step->value[1];
    slot[15] = step->value[2];
    world.device->receive[netring_index(position)] = (struct net_frame){.len = (uint16_t)(step->where * 8)};
    world.device->receive_head = position + 1;
}

static void serve_device(const struct step *step)
{
    world.device->epoch_b = world.device->epoch;
    world.device->state = CHANNEL_STATE_READY;
    world.device->link = 1;
    world.device->transmit_tail += step->where & 7u;
}

/* What the driver will be given, as netvirt keeps it. */
static void check_flights(void)
{
    const struct netvirt *virt = &world.virt;
    require_that(virt->next - virt->first <= NETRING_ENTRIES &&
                 virt->pushed - virt->first <= virt->next - virt->first);
    for (uint32_t number = virt->first; number != virt->next; number++) {
        const struct flight *flight = &virt->flights[netring_index(number)];
        if (flight->tenant == TENANTS_MAX) {
            continue;
        }
        uint64_t header = flight->entry.header - POOL_IOVA(TENANTS);
        require_that(header == netring_header_offset(number));
        require_that(flight->entry.header_len <= NET_LIMITS_HEADER_BYTES);
        uint64_t source = 0;
        memcpy(&source, world.device_pool + header + 6, 6);
        require_that(source == MAC(flight->tenant));
        if (flight->entry.rest_len != 0) {
            uint64_t rest = flight->entry.rest - POOL_IOVA(flight->tenant);
            require_that(rest + flight->entry.rest_len <= NET_LIMITS_RECEIVE_OFFSET);
        }
        require_that(flight->entry.header_len + flight->entry.rest_len <= NET_LIMITS_FRAME_BYTES);
    }
}

static void check_tenants(void)
{
    for (unsigned i = 0; i < TENANTS; i++) {
        const struct tenant *tenant = &world.virt.tenants[i];
        uint32_t kept = tenant->taken - tenant->link.transmit.position;
        require_that(kept <= NETRING_ENTRIES && tenant->in_flight <= kept &&
                     tenant->in_flight <= world.virt.share);
    }
    for (unsigned slot = 0; slot < 64; slot++) {
        require_that(world.pools[C][NET_LIMITS_RECEIVE_OFFSET + slot * NET_LIMITS_SLOT_BYTES + 20] != MARK);
    }
}

static void act(const struct step *step)
{
    switch (step->operation % 8) {
    case 0:
        write_word(step);
        break;
    case 1:
    case 2:
        write_frame(step);
        break;
    case 3:
        receive_frame(step);
        break;
    case 4:
    case 5:
        serve_device(step);
        break;
    case 6:
        world.now += value_of(step) % 1000000000;
        break;
    default:
        netvirt_park(&world.virt, (step->where & 1) != 0, world.now);
        break;
    }
    if ((step->operation & 0x80) == 0) {
        (void)netvirt_work(&world.virt, world.now);
        check_flights();
        check_tenants();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (world.device == NULL) {
        world.device = calloc(1, sizeof *world.device);
        world.device_pool = calloc(1, NET_LIMITS_POOL_BYTES);
        for (unsigned i = 0; i < TENANTS; i++) {
            world.channels[i] = calloc(1, sizeof *world.channels[i]);
            world.pools[i] = calloc(1, NET_LIMITS_HEADER_OFFSET);
        }
    }
    build();
    for (size_t at = 0; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
        struct step step;
        memcpy(&step, data + at, sizeof step);
        act(&step);
    }
    return 0;
}
