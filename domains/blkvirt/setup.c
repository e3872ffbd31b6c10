#include "setup.h"

#include <string.h>

#include <checked.h>
#include <panic.h>
#include <resource.h>

static struct bell bell_of(const struct resource *resource)
{
    return resource != NULL && resource->kind == RESOURCE_KIND_NOTIF
               ? (struct bell){.slot = resource->slot, .bits = (uint32_t)resource->extra}
               : (struct bell){0};
}

/* The part of @resource's name behind @prefix, or NULL. */
static const uint8_t *name_after(const struct resource *resource, const char *prefix)
{
    const size_t length = strlen(prefix);
    return memcmp(resource->name, prefix, length) == 0 && resource->name[length] != 0
               ? &resource->name[length]
               : NULL;
}

/* The resource @prefix + @tenant's name. */
static const struct resource *find_for(const struct domain_info *info, const char *prefix,
                                       const struct tenant *tenant, uint16_t kind)
{
    char name[sizeof(((struct resource *)0)->name) + 1] = {0};
    const size_t length = strlen(prefix);
    memcpy(name, prefix, length);
    for (size_t i = 0; length + i < sizeof(name) - 1 && tenant->name[i] != 0; i++) {
        name[length + i] = (char)tenant->name[i];
    }
    return resource_required(info, name, kind);
}

static void setup_tenant(struct tenant *tenant, const struct domain_info *info, const struct resource *window)
{
    uint64_t end;
    if (!checked_add(window->address, window->bytes, &end) || end > UINT64_MAX / BLOCK_LIMITS_SECTOR_BYTES) {
        panic("the window of %.*s wraps", name_length(tenant->name), (const char *)tenant->name);
    }
    tenant->first = window->address;
    tenant->sectors = window->bytes;
    tenant->read_only = (window->count & TENANT_READ_ONLY) != 0;
    tenant->pool = window->extra;
    const struct resource *channel = find_for(info, "block-", tenant, RESOURCE_KIND_REGION);
    if (channel->bytes < sizeof(struct block_channel)) {
        panic("the channel of %.*s is too small", name_length(tenant->name), (const char *)tenant->name);
    }
    block_server_open(&tenant->server, (struct block_channel *)(uintptr_t)channel->address);
    tenant->bell = bell_of(find_for(info, "block-bell-", tenant, RESOURCE_KIND_NOTIF));
}

/* Windows and pools are the compiler's work; a mistake there would undo all of this program's. */
static void check_apart(const struct blkvirt *blkvirt)
{
    for (uint32_t i = 0; i < blkvirt->tenants; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const struct tenant *a = &blkvirt->tenant[i], *b = &blkvirt->tenant[j];
            if (ranges_overlap(a->first, a->sectors, b->first, b->sectors) ||
                ranges_overlap(a->pool, BLOCK_LIMITS_POOL_BYTES, b->pool, BLOCK_LIMITS_POOL_BYTES)) {
                panic("%.*s and %.*s share sectors or a pool", name_length(a->name), (const char *)a->name,
                      name_length(b->name), (const char *)b->name);
            }
        }
    }
}

static void setup_tenants(struct blkvirt *blkvirt, const struct domain_info *info)
{
    for (uint32_t i = 0; i < info->resource_count && i < sizeof(info->resource) / sizeof(info->resource[0]);
         i++) {
        const struct resource *window = &info->resource[i];
        const uint8_t *name = name_after(window, "block-info-");
        if (name == NULL || window->kind != RESOURCE_KIND_NUMBER) {
            continue;
        }
        if (blkvirt->tenants == TENANTS_MAX) {
            panic("more than %u tenants", (unsigned)TENANTS_MAX);
        }
        struct tenant *tenant = &blkvirt->tenant[blkvirt->tenants++];
        for (size_t at = 0; name + at < window->name + sizeof(window->name) && name[at] != 0; at++) {
            tenant->name[at] = name[at];
        }
        setup_tenant(tenant, info, window);
    }
    check_apart(blkvirt);
}

void setup(struct blkvirt *blkvirt, const struct domain_info *info)
{
    blkvirt->tsc_khz = info->tsc_khz;
    blkvirt->endpoint_slot = resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT);
    blkvirt->bell_slot = resource_slot(info, "bell", RESOURCE_KIND_NOTIF);
    blkvirt->attention = bell_of(resource_find(info, "attention"));
    blkvirt->device.bell = bell_of(resource_required(info, "blockdev-bell", RESOURCE_KIND_NOTIF));
    block_client_open(&blkvirt->device.client,
                      resource_region(info, "blockdev", sizeof(struct block_channel)));
    blkvirt->device.sent_epoch = blkvirt->device.client.epoch;
    setup_tenants(blkvirt, info);
}
