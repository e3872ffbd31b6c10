#include "netvirt.h"

#include <bulkhead/block.h>
#include <clock.h>
#include <log.h>

#define NS_PER_MS UINT64_C(1000000)

enum {
    BATCH = 64,         /* frames received before tenants have their turn */
    PING_MS = 100,      /* no progress for so long: ask */
    PONG_MS = 500,      /* no answer for so long: the driver is silent */
    PROGRESS_MS = 5000, /* answers without progress for so long: silent too */
    READY_MS = 5000     /* a driver that does not come up */
};

static uint64_t ticks(const struct netvirt *virt, uint64_t ms)
{
    return clock_ns_to_ticks(ms * NS_PER_MS, virt->tsc_khz);
}

/* The driver has lost netvirt's trust until it is rebuilt; management is told, and asks service.health. */
static void distrust(struct netvirt *virt, enum service_verdict verdict, const char *why)
{
    if (virt->verdict == SERVICE_VERDICT_WELL) {
        virt->verdict = verdict;
        virt->ready = false;
        log_line("netvirt: the driver %s; %u frames wait", why, virt->next - virt->first);
        netvirt_signal(virt->attention_slot, virt->attention_bits);
    }
}

static void corrupt(struct netvirt *virt, const char *why)
{
    if (netlink_check(&virt->link) == NETLINK_REBUILT) {
        return; /* the page was emptied under our hands */
    }
    virt->corruptions++;
    distrust(virt, SERVICE_VERDICT_CORRUPT, why);
}

/* The frames that the old driver had are sent again in their order, those that it sent without saying so a second time. Frames
 * that nobody waits for stand before all others. */
static void follow(struct netvirt *virt, uint64_t now)
{
    netlink_follow(&virt->link);
    while (virt->first != virt->pushed && virt->flights[netring_index(virt->first)].tenant == TENANTS_MAX) {
        virt->first++;
    }
    virt->replayed += virt->pushed - virt->first;
    virt->pushed = virt->first;
    virt->base = virt->first;
    virt->ready = false;
    virt->verdict = SERVICE_VERDICT_WELL;
    virt->epoch_at = now;
    virt->progress_at = now;
    virt->pinged = false;
    virt->ping = 0;
    netvirt_signal(virt->bell_slot, virt->bell_bits);
}

void driver_check(struct netvirt *virt, uint64_t now)
{
    volatile struct netdev_channel *channel = virt->channel;
    enum netlink_state state = netlink_check(&virt->link);
    if (state == NETLINK_REBUILT) {
        follow(virt, now);
        state = netlink_check(&virt->link);
    }
    if (state != NETLINK_TOGETHER || virt->verdict != SERVICE_VERDICT_WELL) {
        virt->ready = false;
        return;
    }
    uint32_t said = __atomic_load_n(&virt->channel->state, __ATOMIC_ACQUIRE);
    if (said == CHANNEL_STATE_PARKED) {
        distrust(virt, SERVICE_VERDICT_DEVICE_FAILED, "cannot bring its device up");
        return;
    }
    if (!virt->ready && said == CHANNEL_STATE_READY) {
        log_line("netvirt: the driver is ready, %u frames sent again", virt->next - virt->first);
        virt->progress_at = now;
        virt->served = virt->link.followed;
    }
    virt->ready = said == CHANNEL_STATE_READY;
    if (virt->ready) {
        virt->device_link = channel->link;
    }
}

uint8_t *driver_header(struct netvirt *virt)
{
    return virt->pool + netring_header_offset(virt->next);
}

void driver_queue(struct netvirt *virt, uint32_t tenant, uint32_t position, uint32_t header_len,
                  uint64_t rest, uint32_t rest_len)
{
    virt->flights[netring_index(virt->next)] = (struct flight){
        .entry = {.header = virt->pool_iova + netring_header_offset(virt->next),
                  .rest = rest_len != 0 ? rest : 0,
                  .header_len = (uint16_t)header_len,
                  .rest_len = (uint16_t)rest_len},
        .tenant = tenant,
        .position = position,
    };
    virt->next++;
}

/* The ring holds as many as the table, so there is always room for what was queued. */
void driver_push(struct netvirt *virt, uint64_t now)
{
    struct netring *ring = &virt->link.transmit;
    if (!virt->ready) {
        return;
    }
    if (virt->pushed == virt->first) {
        /* Time without frames is not the driver's. */
        virt->progress_at = now;
        virt->pinged = false;
    }
    for (; virt->pushed != virt->next; virt->pushed++) {
        virt->channel->transmit[netring_index(ring->position)] =
            virt->flights[netring_index(virt->pushed)].entry;
        ring->position++;
    }
    if (netring_publish(ring)) {
        netvirt_signal(virt->bell_slot, virt->bell_bits);
    }
}

static void finish(struct netvirt *virt)
{
    struct flight *flight = &virt->flights[netring_index(virt->first)];
    virt->first++;
    if (flight->tenant < TENANTS_MAX) {
        struct tenant *tenant = &virt->tenants[flight->tenant];
        tenant->in_flight--;
        virt->completed++;
        tenant_done(tenant, flight->position);
    }
}

/* Does somebody wait for the room that was made, or for the end of its old frames? */
static bool backlog(const struct netvirt *virt)
{
    bool found = false;
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        found |= virt->tenants[i].backlog || !virt->tenants[i].served;
    }
    return found;
}

bool driver_finish(struct netvirt *virt, uint64_t now)
{
    struct netring *ring = &virt->link.transmit;
    if (!virt->ready) {
        return false;
    }
    if (!netring_look(ring)) {
        corrupt(virt, "has an impossible counter");
        return false;
    }
    uint32_t finished = virt->base + ring->seen;
    if (virt->first == finished) {
        return false;
    }
    while (virt->first != finished) {
        finish(virt);
    }
    virt->progress_at = now;
    return backlog(virt);
}

/* Nobody waits for what is in flight any more; the driver may still have it. */
void driver_forget_flights(struct netvirt *virt)
{
    for (uint32_t number = virt->first; number != virt->next; number++) {
        struct flight *flight = &virt->flights[netring_index(number)];
        if (flight->tenant < TENANTS_MAX) {
            struct tenant *tenant = &virt->tenants[flight->tenant];
            tenant->in_flight--;
            virt->lost++;
            tenant_done(tenant, flight->position);
            flight->tenant = TENANTS_MAX;
        }
    }
    /* What was not pushed never will be. */
    virt->next = virt->pushed;
}

/* A source that is a tenant's: the wire gives back what a tenant sent, or somebody pretends. Neither may get from one tenant to
 * another. */
static bool from_inside(const struct netvirt *virt, uint64_t source)
{
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        if (virt->tenants[i].mac == source) {
            return true;
        }
    }
    return false;
}

/* By address and VLAN. A tag of VLAN 0 carries a priority alone. */
static void distribute(struct netvirt *virt, const uint8_t *frame, uint32_t len, uint16_t flags)
{
    struct frame_header header = frame_load(frame);
    uint64_t destination = frame_destination(&header);
    bool tagged = frame_type(&header) == FRAME_TYPE_TAG && len >= FRAME_LEAST + FRAME_TAG_BYTES;
    uint16_t vlan = tagged ? frame_vlan(&header) : 0;
    if (virt->parked || from_inside(virt, frame_source(&header)) ||
        frame_type(&header) == FRAME_TYPE_SERVICE_TAG || (!tagged && len > FRAME_MOST)) {
        virt->lost++;
        return;
    }
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        struct tenant *tenant = &virt->tenants[i];
        if (tenant->vlan == vlan && (frame_is_group(destination) || tenant->mac == destination)) {
            tenant_deliver(tenant, &header, frame, len, flags, tagged);
        }
    }
}

bool driver_receive(struct netvirt *virt, uint64_t now)
{
    struct netring *ring = &virt->link.receive;
    uint32_t count = 0;
    if (!virt->ready) {
        return false;
    }
    if (!netring_look(ring)) {
        corrupt(virt, "has an impossible counter");
        return false;
    }
    for (; ring->position != ring->seen && count < BATCH; count++) {
        struct net_frame frame = netring_frame(&virt->channel->receive[netring_index(ring->position)]);
        if (frame.len > NET_LIMITS_FRAME_BYTES || (frame.len != 0 && frame.len < FRAME_LEAST) ||
            (frame.flags & ~NET_CHECKED) != 0) {
            corrupt(virt, "gives a frame that is none");
            return true;
        }
        if (frame.len != 0) {
            distribute(virt, virt->pool + netring_receive_offset(ring->position), frame.len, frame.flags);
        }
        ring->position++;
    }
    if (count != 0) {
        virt->progress_at = now;
        if (netring_publish(ring)) {
            netvirt_signal(virt->bell_slot, virt->bell_bits);
        }
    }
    return ring->position != ring->seen;
}

/* Half of what is in flight at a time: room is made before all of it is gone. */
bool driver_ask(struct netvirt *virt)
{
    bool more = virt->ready && netring_ask(&virt->link.receive, 1);
    uint32_t outstanding = virt->pushed - virt->first;
    bool waits = false;
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        waits |= tenant_waits(&virt->tenants[i]);
    }
    if (virt->ready && waits && outstanding != 0) {
        more |= netring_ask(&virt->link.transmit, (outstanding + 1) / 2);
    }
    return more;
}

static uint64_t watch_flights(struct netvirt *virt, uint64_t now)
{
    volatile struct netdev_channel *channel = virt->channel;
    if (virt->pushed == virt->first) {
        return DEADLINE_NEVER;
    }
    if (now - virt->progress_at >= ticks(virt, PROGRESS_MS)) {
        distrust(virt, SERVICE_VERDICT_SILENT, "answers, but sends nothing");
        return DEADLINE_NEVER;
    }
    if (virt->pinged && channel->pong == virt->ping) {
        virt->pinged = false;
    }
    if (virt->pinged) {
        if (now - virt->pinged_at >= ticks(virt, PONG_MS)) {
            distrust(virt, SERVICE_VERDICT_SILENT, "does not answer");
            return DEADLINE_NEVER;
        }
        return virt->pinged_at + ticks(virt, PONG_MS);
    }
    uint64_t since = virt->progress_at > virt->pinged_at ? virt->progress_at : virt->pinged_at;
    if (now - since < ticks(virt, PING_MS)) {
        return since + ticks(virt, PING_MS);
    }
    virt->pinged = true;
    virt->pinged_at = now;
    channel->ping = ++virt->ping;
    netvirt_signal(virt->bell_slot, virt->bell_bits);
    return now + ticks(virt, PONG_MS);
}

uint64_t driver_watch(struct netvirt *virt, uint64_t now)
{
    if (virt->verdict != SERVICE_VERDICT_WELL || virt->parked) {
        return DEADLINE_NEVER;
    }
    if (virt->ready) {
        return watch_flights(virt, now);
    }
    if (now - virt->epoch_at >= ticks(virt, READY_MS)) {
        distrust(virt, SERVICE_VERDICT_SILENT, "does not come up");
        return DEADLINE_NEVER;
    }
    return virt->epoch_at + ticks(virt, READY_MS);
}
