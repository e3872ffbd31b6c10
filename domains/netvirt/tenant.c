#include "netvirt.h"

#include <string.h>

#include <bulkhead/block.h>
#include <clock.h>
#include <log.h>

#define TELL_EVERY_NS UINT64_C(10000000000)

static void store(uint32_t *shared, uint32_t value)
{
    __atomic_store_n(shared, value, __ATOMIC_RELEASE);
}

static void follow(struct netvirt *virt, struct tenant *tenant)
{
    netlink_follow(&tenant->link);
    tenant->taken = 0;
    memset(tenant->done, 0, sizeof tenant->done);
    tenant->wait_until = 0;
    tenant->link_shown = UINT32_MAX;
    tenant_show(virt, tenant);
    tenant->bell = true;
}

/* The frames of a VMM that is gone are still read by the device: what they lie in belongs to the old epoch until they are
 * through. */
void tenant_check(struct netvirt *virt, struct tenant *tenant)
{
    enum netlink_state state = netlink_check(&tenant->link);
    if (state == NETLINK_REBUILT && tenant->in_flight == 0) {
        follow(virt, tenant);
        state = netlink_check(&tenant->link);
    }
    if (tenant->served && netlink_broken(&tenant->link)) {
        log_line("netvirt: %s: corrupt counters", tenant->name);
    }
    tenant->served = state == NETLINK_TOGETHER && !netlink_broken(&tenant->link);
}

void tenant_show(struct netvirt *virt, struct tenant *tenant)
{
    uint32_t up = !virt->parked && virt->device_link != 0;
    if (up != tenant->link_shown) {
        tenant->link_shown = up;
        store(&tenant->channel->link, up);
        store(&tenant->channel->state, virt->parked ? CHANNEL_STATE_PARKED : CHANNEL_STATE_READY);
        tenant->bell = true;
    }
}

void tenant_tell(const struct netvirt *virt, struct tenant *tenant, uint64_t now)
{
    uint64_t count = tenant->refused + tenant->missed;
    if (count != tenant->told && now >= tenant->tell_at) {
        tenant->told = count;
        tenant->tell_at = now + clock_ns_to_ticks(TELL_EVERY_NS, virt->tsc_khz);
        log_line("netvirt: %s: %llu frames refused, %llu missed since netvirt began", tenant->name,
                 (unsigned long long)tenant->refused, (unsigned long long)tenant->missed);
    }
}

void tenant_done(struct tenant *tenant, uint32_t position)
{
    struct netring *ring = &tenant->link.transmit;
    tenant->done[netring_index(position)] = true;
    while (ring->position != tenant->taken && tenant->done[netring_index(ring->position)]) {
        tenant->done[netring_index(ring->position)] = false;
        ring->position++;
    }
}

void tenant_deliver(struct tenant *tenant, const struct frame_header *header, const uint8_t *frame,
                    uint32_t len, uint16_t flags, bool stripped)
{
    struct netring *ring = &tenant->link.receive;
    if (!tenant->served || (ring->position - ring->seen == NETRING_ENTRIES && netring_space(ring) == 0)) {
        tenant->missed++;
        return;
    }
    uint8_t *slot = tenant->pool + netring_receive_offset(ring->position);
    uint32_t at = stripped ? FRAME_ADDRESS_BYTES : sizeof *header;
    memcpy(slot, header, sizeof *header);
    if (len > sizeof *header) {
        memcpy(slot + at, frame + sizeof *header, len - sizeof *header);
    }
    tenant->channel->receive[netring_index(ring->position)] =
        (struct net_frame){.len = (uint16_t)(stripped ? len - FRAME_TAG_BYTES : len), .flags = flags};
    ring->position++;
    tenant->received++;
}

/* To those tenants on the same VLAN to whom the description lets this one speak: all of them, or the one with @destination.
 * Answers whether the frame has found its way: one to a tenant never leaves on the wire. */
static bool switch_locally(struct netvirt *virt, const struct tenant *from, const struct frame_header *header,
                           const uint8_t *frame, uint32_t len)
{
    uint64_t destination = frame_destination(header);
    bool group = frame_is_group(destination);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        struct tenant *to = &virt->tenants[i];
        if (to == from || (!group && to->mac != destination)) {
            continue;
        }
        if ((from->peers >> i & 1) != 0 && to->vlan == from->vlan) {
            tenant_deliver(to, header, frame, len, 0, false);
        }
        if (!group) {
            return true;
        }
    }
    return false;
}

static bool may_send(const struct tenant *tenant, const struct frame_header *header)
{
    return frame_source(header) == tenant->mac && !frame_type_reserved(frame_type(header)) &&
           !frame_is_link_local(frame_destination(header));
}

/* To the wire: the first bytes from netvirt's own copy, with the tenant's tag if it has one; the rest by address. What was
 * checked is not read again. */
static void send(struct netvirt *virt, struct tenant *tenant, const struct frame_header *header,
                 uint32_t position, uint32_t len)
{
    const uint32_t checked = sizeof *header;
    uint32_t offset = netring_transmit_offset(position);
    uint8_t *copy = driver_header(virt);
    uint32_t tag = tenant->vlan != 0 ? FRAME_TAG_BYTES : 0;
    uint32_t most = (uint32_t)NET_LIMITS_HEADER_BYTES - tag;
    uint32_t head = len < most ? len : most;
    memcpy(copy, header, checked);
    if (tag != 0) {
        const uint8_t bytes[] = {FRAME_TYPE_TAG >> 8, FRAME_TYPE_TAG & 0xff, (uint8_t)(tenant->vlan >> 8),
                                 (uint8_t)tenant->vlan};
        memcpy(copy + FRAME_ADDRESS_BYTES, bytes, sizeof bytes);
        memcpy(copy + checked, (const uint8_t *)header + FRAME_ADDRESS_BYTES, checked - FRAME_ADDRESS_BYTES);
    }
    if (head > checked) {
        memcpy(copy + checked + tag, tenant->pool + offset + checked, head - checked);
    }
    tenant->in_flight++;
    tenant->sent++;
    driver_queue(virt, (uint32_t)(tenant - virt->tenants), position, head + tag,
                 tenant->pool_iova + offset + head, len - head);
}

/* One frame of @len bytes, in the slot of the counter's value @position. */
static void handle(struct netvirt *virt, struct tenant *tenant, uint32_t position, uint32_t len)
{
    const uint8_t *frame = tenant->pool + netring_transmit_offset(position);
    struct frame_header header = frame_load(frame);
    if (!may_send(tenant, &header)) {
        tenant->refused++;
    } else if (virt->parked) {
        virt->lost++;
    } else if (!switch_locally(virt, tenant, &header, frame, len)) {
        send(virt, tenant, &header, position, len);
        return;
    }
    tenant_done(tenant, position);
}

bool tenant_take(struct netvirt *virt, struct tenant *tenant, uint32_t quota, uint64_t now)
{
    struct netring *ring = &tenant->link.transmit;
    uint32_t before = tenant->taken;
    tenant->backlog = false;
    tenant->wait_until = 0;
    if (!tenant->served || !netring_look(ring)) {
        return false;
    }
    while (tenant->taken != ring->seen && tenant->taken - before != quota) {
        if (tenant->in_flight == virt->share || !driver_room(virt)) {
            tenant->backlog = true;
            break;
        }
        struct net_frame frame = netring_frame(&tenant->channel->transmit[netring_index(tenant->taken)]);
        bool good = frame.len >= FRAME_LEAST && frame.len <= FRAME_MOST && frame.flags == 0;
        if (good && !rate_take(&tenant->rate, frame.len, now, &tenant->wait_until)) {
            break;
        }
        uint32_t position = tenant->taken++;
        if (good) {
            handle(virt, tenant, position, frame.len);
        } else {
            tenant->refused++;
            tenant_done(tenant, position);
        }
    }
    return tenant->taken != ring->seen && !tenant->backlog && tenant->wait_until == 0;
}

void tenant_publish(struct tenant *tenant)
{
    if (tenant->served) {
        tenant->bell |= netring_publish(&tenant->link.transmit);
        tenant->bell |= netring_publish(&tenant->link.receive);
    }
    if (tenant->bell) {
        tenant->bell = false;
        netvirt_signal(tenant->bell_slot, tenant->bell_bits);
    }
}

bool tenant_ask(struct tenant *tenant)
{
    return tenant->served && !tenant->backlog && tenant->wait_until == 0 &&
           netring_ask(&tenant->link.transmit, 1);
}

bool tenant_waits(const struct tenant *tenant)
{
    const struct netring *ring = &tenant->link.transmit;
    uint32_t wanted = *ring->other_event - ring->told;
    return tenant->in_flight != 0 &&
           (tenant->backlog || (wanted != 0 && wanted <= tenant->taken - ring->told) || !tenant->served);
}
