/* netvirt: one thread that waits on its endpoint for management, and with it on its bell for tenants and driver. */
#include <string.h>

#include <clock.h>
#include <log.h>
#include <panic.h>
#include <resource.h>
#include <service_server.h>
#include <start.h>
#include <stubs.h>

#include "netvirt.h"
#include "peers.h"

enum { ERRORS_IN_A_ROW = 1000 };

void netvirt_signal(uint32_t slot, uint32_t bits)
{
    /* Whoever is gone or being rebuilt looks when it starts. */
    (void)!notif_signal(slot, bits);
}

static enum error serve_health(void *context, uint64_t badge, struct service_health_out *out)
{
    const struct netvirt *virt = context;
    (void)badge;
    *out = (struct service_health_out){
        .verdict = netvirt_verdict(virt),
        .epoch = virt->verdict == SERVICE_VERDICT_WELL ? virt->served : virt->link.followed,
        .in_flight = virt->next - virt->first,
        .replayed = virt->replayed,
        .completed = virt->completed,
        .corruptions = virt->corruptions,
    };
    return OK;
}

static enum error serve_park(void *context, uint64_t badge, const struct service_park_in *in)
{
    struct netvirt *virt = context;
    (void)badge;
    netvirt_park(virt, in->parked, clock_ticks());
    return OK;
}

/* The driver's word, all of it. */
static enum error serve_device(void *context, uint64_t badge, struct service_device_out *out)
{
    const struct netvirt *virt = context;
    const volatile struct netdev_channel *channel = virt->channel;
    (void)badge;
    *out = (struct service_device_out){
        .link = netvirt_link(virt),
        .speed_mbit = channel->speed_mbit,
        .resets = channel->resets,
        .errors = channel->missed + channel->errors,
    };
    return OK;
}

static const struct service_server_ops service_ops = {
    .health = serve_health, .park = serve_park, .device = serve_device};

/* PREFIX-TENANT, of @kind. */
static const struct resource *tenant_resource(const struct domain_info *info, const char *prefix,
                                              const char *tenant, uint16_t kind)
{
    char name[2 * TENANT_NAME_BYTES + 1];
    size_t prefix_len = strlen(prefix);
    memcpy(name, prefix, prefix_len);
    memcpy(name + prefix_len, tenant, strlen(tenant) + 1);
    return resource_required(info, name, kind);
}

static void *tenant_region(const struct domain_info *info, const char *prefix, const char *tenant,
                           uint64_t least_bytes, uint64_t *iova)
{
    const struct resource *region = tenant_resource(info, prefix, tenant, RESOURCE_KIND_REGION);
    if (region->bytes < least_bytes) {
        panic("%s%s is too small", prefix, tenant);
    }
    *iova = region->extra;
    return (void *)(uintptr_t)region->address;
}

static void setup_tenant(struct netvirt *virt, const struct domain_info *info, struct tenant *tenant)
{
    uint64_t iova;
    const struct resource *bell = tenant_resource(info, "net-bell-", tenant->name, RESOURCE_KIND_NOTIF);
    const struct resource *rules = tenant_resource(info, "net-info-", tenant->name, RESOURCE_KIND_NUMBER);
    tenant->channel = tenant_region(info, "net-", tenant->name, sizeof(struct net_channel), &iova);
    tenant->pool =
        tenant_region(info, "net-pool-", tenant->name, NET_LIMITS_HEADER_OFFSET, &tenant->pool_iova);
    tenant->bell_slot = bell->slot;
    tenant->bell_bits = (uint32_t)bell->extra;
    tenant->mac = rules->extra;
    tenant->vlan = (uint16_t)rules->count;
    rate_init(&tenant->rate, rules->address, virt->tsc_khz);
    log_line("netvirt: %s: VLAN %u, %llu kbit/s", tenant->name, (unsigned)tenant->vlan,
             (unsigned long long)rules->address);
}

/* Tenants are those that have a `net-info-`. */
static void find_tenants(struct netvirt *virt, const struct domain_info *info)
{
    static const char prefix[] = "net-info-";
    const size_t len = sizeof prefix - 1;
    for (uint32_t i = 0; i < info->resource_count; i++) {
        const uint8_t *name = info->resource[i].name;
        if (memcmp(name, prefix, len) != 0) {
            continue;
        }
        if (virt->tenant_count == TENANTS_MAX) {
            panic("more than %u tenants", (unsigned)TENANTS_MAX);
        }
        struct tenant *tenant = &virt->tenants[virt->tenant_count++];
        memcpy(tenant->name, name + len, sizeof info->resource[i].name - len);
    }
}

static void setup_tenants(struct netvirt *virt, const struct domain_info *info)
{
    uint64_t bytes;
    find_tenants(virt, info);
    for (uint32_t i = 0; i < virt->tenant_count; i++) {
        setup_tenant(virt, info, &virt->tenants[i]);
    }
    const char *text = resource_text(info, "peers", &bytes);
    if (text != NULL && !peers_parse(text, (size_t)bytes, virt->tenants, virt->tenant_count)) {
        panic("the description's text `peers` is wrong");
    }
}

static void setup(struct netvirt *virt, const struct domain_info *info)
{
    const struct resource *pool = resource_required(info, "netdev-pool", RESOURCE_KIND_REGION);
    const struct resource *bell = resource_required(info, "netdev-bell", RESOURCE_KIND_NOTIF);
    const struct resource *attention = resource_required(info, "attention", RESOURCE_KIND_NOTIF);
    if (pool->bytes < NET_LIMITS_POOL_BYTES) {
        panic("netdev-pool is too small");
    }
    virt->channel = resource_region(info, "netdev", sizeof(struct netdev_channel));
    virt->pool = (uint8_t *)(uintptr_t)pool->address;
    virt->pool_iova = pool->extra;
    virt->bell_slot = bell->slot;
    virt->bell_bits = (uint32_t)bell->extra;
    virt->attention_slot = attention->slot;
    virt->attention_bits = (uint32_t)attention->extra;
    virt->tsc_khz = info->tsc_khz;
    setup_tenants(virt, info);
}

static enum dispatch serve(struct netvirt *virt, struct message *message)
{
    switch (label_interface(message->label)) {
    case INTERFACE_NOTIFICATION:
        return DISPATCH_DEFER;
    case INTERFACE_SERVICE:
        return service_dispatch(&service_ops, virt, message);
    default:
        message_status(message, ERR_INTERFACE);
        return DISPATCH_REPLY;
    }
}

static _Noreturn void loop(struct netvirt *virt, uint32_t endpoint)
{
    struct message message = {0};
    enum dispatch next = DISPATCH_DEFER;
    unsigned errors = 0;
    for (;;) {
        uint64_t deadline = netvirt_work(virt, clock_ticks());
        enum error error = next == DISPATCH_REPLY ? endpoint_reply_wait(endpoint, deadline, &message)
                                                  : endpoint_wait(endpoint, deadline, &message);
        next = DISPATCH_DEFER;
        if (error == OK) {
            next = serve(virt, &message);
            errors = 0;
        } else if (error != ERR_TIMEOUT && error != ERR_PEER && ++errors == ERRORS_IN_A_ROW) {
            panic("waiting on the endpoint failed: error %u", (unsigned)error);
        }
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    /* The only instance; everything else gets a pointer. */
    static struct netvirt virt;
    require(thread == 0);
    setup(&virt, info);
    netvirt_begin(&virt, clock_ticks());
    loop(&virt, resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT));
}
