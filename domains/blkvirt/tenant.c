#include "tenant.h"

#include <stddef.h>

#include <checked.h>
#include <log.h>

#include "device.h"

static uint8_t number_of(const struct blkvirt *blkvirt, const struct tenant *tenant)
{
    return (uint8_t)(tenant - blkvirt->tenant);
}

static bool window_there(const struct blkvirt *blkvirt, const struct tenant *tenant)
{
    const struct block_geometry *geometry = &blkvirt->device.geometry;
    const uint64_t sectors_per_block = geometry->block_bytes / BLOCK_LIMITS_SECTOR_BYTES;
    return range_inside(tenant->first, tenant->sectors, 0, geometry->sectors) &&
           tenant->first % sectors_per_block == 0 && tenant->sectors % sectors_per_block == 0;
}

/* What the tenant should see. Ready again only when nothing is under way: a late answer to a forgotten read
 * would land in a slot of the pool that is in use again. */
static enum channel_state state_of(const struct blkvirt *blkvirt, const struct tenant *tenant)
{
    if (blkvirt->parked) {
        return CHANNEL_STATE_PARKED;
    }
    if (!blkvirt->device.known) {
        return CHANNEL_STATE_STARTING;
    }
    if (!window_there(blkvirt, tenant)) {
        return CHANNEL_STATE_PARKED;
    }
    if (tenant->shown != CHANNEL_STATE_READY && blkvirt->table.list[number_of(blkvirt, tenant)].count != 0) {
        return CHANNEL_STATE_STARTING;
    }
    return CHANNEL_STATE_READY;
}

static void show(const struct blkvirt *blkvirt, struct tenant *tenant, enum channel_state state)
{
    if (blkvirt->device.known) {
        struct block_geometry geometry = blkvirt->device.geometry;
        geometry.sectors = tenant->sectors;
        if (tenant->read_only) {
            geometry.features &= 1u << BLOCK_OP_READ | 1u << BLOCK_OP_FLUSH;
        }
        /* The tenant's own name, not the disk's: nothing of the machine. */
        for (size_t i = 0; i < sizeof(geometry.serial); i++) {
            geometry.serial[i] = i < sizeof(tenant->name) ? tenant->name[i] : 0;
        }
        block_server_geometry(&tenant->server, &geometry);
    }
    if (state == CHANNEL_STATE_PARKED && !blkvirt->parked) {
        log_line("%.*s: the disk does not have all of its window", name_length(tenant->name),
                 (const char *)tenant->name);
    }
    tenant->shown = state;
    block_server_state(&tenant->server, state);
    bell_ring(&tenant->bell);
}

void tenant_settle(struct blkvirt *blkvirt, struct tenant *tenant)
{
    if (block_server_follow(&tenant->server)) {
        device_orphan(blkvirt, number_of(blkvirt, tenant));
        tenant->shown = CHANNEL_STATE_STARTING;
        bell_ring(&tenant->bell);
    }
    const enum channel_state state = state_of(blkvirt, tenant);
    if (state != tenant->shown) {
        show(blkvirt, tenant, state);
    }
}

/* Where the request's data lies: at a page boundary in one slot of the pool. */
static bool data_inside(const struct block_request *request)
{
    const uint64_t bytes = (uint64_t)request->sectors * BLOCK_LIMITS_SECTOR_BYTES;
    const uint64_t in_slot = request->data % BLOCK_LIMITS_SLOT_BYTES;
    return request->data % 4096 == 0 && request->data < BLOCK_LIMITS_POOL_BYTES &&
           range_inside(in_slot, bytes, 0, BLOCK_LIMITS_SLOT_BYTES);
}

static enum block_status check_sectors(const struct blkvirt *blkvirt, const struct tenant *tenant,
                                       const struct block_request *request)
{
    /* A block is a power of two of sectors: geometry_sound. */
    const uint32_t in_block = blkvirt->device.geometry.block_bytes / BLOCK_LIMITS_SECTOR_BYTES - 1;
    if (request->sectors == 0 || !range_inside(request->sector, request->sectors, 0, tenant->sectors) ||
        ((request->sector | request->sectors) & in_block) != 0) {
        return BLOCK_STATUS_RANGE;
    }
    return !op_has_data(request->op) || data_inside(request) ? BLOCK_STATUS_OK : BLOCK_STATUS_RANGE;
}

/* The only place that refuses a tenant's request. */
static enum block_status check(const struct blkvirt *blkvirt, const struct tenant *tenant,
                               const struct block_request *request)
{
    const uint8_t flags = request->op == BLOCK_OP_WRITE ? BLOCK_FUA : 0;
    if (request->op > BLOCK_OP_WRITE_ZEROES || (request->flags & ~flags) != 0 ||
        (blkvirt->device.geometry.features & 1u << request->op) == 0) {
        return BLOCK_STATUS_UNSUPPORTED;
    }
    if (tenant->read_only && op_writes(request->op)) {
        return BLOCK_STATUS_READ_ONLY;
    }
    return request->op == BLOCK_OP_FLUSH ? BLOCK_STATUS_OK : check_sectors(blkvirt, tenant, request);
}

/* @entry: the request as the device is to see it. A flush names no sectors. */
static void translate(const struct tenant *tenant, const struct block_request *request, struct entry *entry)
{
    entry->id = request->id;
    entry->flags = request->flags;
    if (request->op != BLOCK_OP_FLUSH) {
        entry->sectors = request->sectors;
        entry->sector = tenant->first + request->sector;
        entry->data = op_has_data(request->op) ? tenant->pool + request->data : 0;
    }
}

/* Under its quota, or only to be told of an error: is there a place for another request? */
static bool may_take(const struct blkvirt *blkvirt, const struct tenant *tenant)
{
    return tenant->shown == CHANNEL_STATE_PARKED ||
           (tenant->shown == CHANNEL_STATE_READY &&
            blkvirt->table.list[number_of(blkvirt, tenant)].count < blkvirt->quota);
}

/* Told of the first and whenever there are twice as many: nobody fills the log. A VMM that asks for what is not its tenant's has
 * broken, or its guest has broken it. */
static void tell_refused(const struct tenant *tenant, const struct block_request *request)
{
    if ((tenant->refused & (tenant->refused - 1)) == 0) {
        log_line("%.*s: %llu requests refused, the last: operation %u at sector %llu of its window, data at "
                 "0x%llx",
                 name_length(tenant->name), (const char *)tenant->name, (unsigned long long)tenant->refused,
                 (unsigned)request->op, (unsigned long long)request->sector,
                 (unsigned long long)request->data);
    }
}

bool tenant_take(struct blkvirt *blkvirt, struct tenant *tenant)
{
    struct block_request request;
    if (!may_take(blkvirt, tenant) || !block_server_take(&tenant->server, &request)) {
        return false;
    }
    const enum block_status status =
        tenant->shown == CHANNEL_STATE_PARKED ? BLOCK_STATUS_IO_ERROR : check(blkvirt, tenant, &request);
    struct entry *entry = NULL;
    if (status == BLOCK_STATUS_OK) {
        entry = table_add(&blkvirt->table, number_of(blkvirt, tenant), (enum block_op)request.op);
    }
    if (entry == NULL) { /* refused; the quotas leave a place for all others */
        tenant->refused++;
        tell_refused(tenant, &request);
        block_server_complete(&tenant->server, request.id,
                              status == BLOCK_STATUS_OK ? BLOCK_STATUS_IO_ERROR : status);
        return true;
    }
    translate(tenant, &request, entry);
    table_place(&blkvirt->table, entry);
    device_submit(blkvirt, entry);
    return true;
}

void tenant_publish(struct tenant *tenant)
{
    if (block_server_publish(&tenant->server)) {
        bell_ring(&tenant->bell);
    }
}

bool tenant_sleep(struct blkvirt *blkvirt, struct tenant *tenant)
{
    return !may_take(blkvirt, tenant) || block_server_sleep(&tenant->server);
}

void tenant_fail(struct blkvirt *blkvirt, struct tenant *tenant)
{
    const uint8_t number = number_of(blkvirt, tenant);
    for (struct entry *entry = table_first(&blkvirt->table, number); entry != NULL;
         entry = table_next(&blkvirt->table, entry)) {
        if (entry->state != ENTRY_ORPHAN) {
            block_server_complete(&tenant->server, entry->id, BLOCK_STATUS_IO_ERROR);
        }
    }
    device_orphan(blkvirt, number);
}
