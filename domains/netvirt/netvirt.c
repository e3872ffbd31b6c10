#include "netvirt.h"

#include <clock.h>

enum {
    QUOTA = 16, /* frames of one tenant before the next has its turn */
    ROUNDS = 16 /* of work between two looks at the endpoint */
};

void netvirt_begin(struct netvirt *virt, uint64_t now)
{
    virt->share = virt->tenant_count != 0 ? NETRING_ENTRIES / virt->tenant_count : 0;
    virt->verdict = SERVICE_VERDICT_WELL;
    virt->epoch_at = now;
    virt->progress_at = now;
    netlink_open_netdev(&virt->link, virt->channel, NETLINK_END_A);
    netvirt_signal(virt->bell_slot, virt->bell_bits);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        struct tenant *tenant = &virt->tenants[i];
        netlink_open_net(&tenant->link, tenant->channel, NETLINK_END_B);
        tenant->link_shown = UINT32_MAX;
        tenant_show(virt, tenant);
        tenant_publish(tenant);
    }
}

/* Everybody in turn, the first one another in each round, and the driver is told after each turn of all. Answers whether
 * somebody has more than its turn lets through. */
static bool take_all(struct netvirt *virt, uint64_t now)
{
    bool more = false;
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        uint32_t index = virt->turn + i;
        index -= index >= virt->tenant_count ? virt->tenant_count : 0;
        more |= tenant_take(virt, &virt->tenants[index], QUOTA, now);
    }
    virt->turn = virt->turn + 1 < virt->tenant_count ? virt->turn + 1 : 0;
    driver_push(virt, now);
    return more;
}

static void check_all(struct netvirt *virt, uint64_t now)
{
    driver_check(virt, now);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        tenant_check(virt, &virt->tenants[i]);
        tenant_show(virt, &virt->tenants[i]);
    }
}

static void publish_all(struct netvirt *virt)
{
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        tenant_publish(&virt->tenants[i]);
    }
}

static bool ask_all(struct netvirt *virt)
{
    bool more = driver_ask(virt);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        more |= tenant_ask(&virt->tenants[i]);
    }
    return more;
}

/* Until nothing is left and nothing came while signals were asked for; answers whether that is so. */
static bool work(struct netvirt *virt, uint64_t now)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        check_all(virt, now);
        bool more = take_all(virt, now);
        more |= driver_finish(virt, now);
        more |= driver_receive(virt, now);
        publish_all(virt);
        if (!more && !ask_all(virt)) {
            return true;
        }
    }
    return false;
}

uint64_t netvirt_work(struct netvirt *virt, uint64_t now)
{
    if (!work(virt, now)) {
        return DEADLINE_NOW;
    }
    uint64_t next = driver_watch(virt, now);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        tenant_tell(virt, &virt->tenants[i], now);
        uint64_t until = virt->tenants[i].wait_until;
        next = until != 0 && until < next ? until : next;
    }
    return next;
}

void netvirt_park(struct netvirt *virt, bool parked, uint64_t now)
{
    if (parked && !virt->parked) {
        driver_forget_flights(virt);
    }
    virt->parked = parked;
    virt->epoch_at = now;
    virt->progress_at = now;
}

enum service_verdict netvirt_verdict(const struct netvirt *virt)
{
    return virt->parked ? SERVICE_VERDICT_PARKED : virt->verdict;
}

enum service_link netvirt_link(const struct netvirt *virt)
{
    if (!virt->ready || virt->parked) {
        return SERVICE_LINK_NONE;
    }
    return virt->device_link != 0 ? SERVICE_LINK_UP : SERVICE_LINK_DOWN;
}
