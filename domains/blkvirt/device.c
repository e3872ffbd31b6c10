#include "device.h"

#include <stddef.h>

#include <checked.h>
#include <clock.h>
#include <log.h>

#include "tenant.h"

/* An impossible word of the driver: it is not listened to until it has been rebuilt. */
static void device_lied(struct blkvirt *blkvirt, const char *how)
{
    blkvirt->corruptions++;
    blkvirt->device.lying = true;
    blkvirt->device.ready = false;
    log_line("the driver's channel is corrupt: %s", how);
}

static void send(struct blkvirt *blkvirt, struct entry *entry)
{
    const struct block_request request = {.id = table_handle(&blkvirt->table, entry),
                                          .op = entry->op,
                                          .flags = entry->flags,
                                          .sectors = entry->sectors,
                                          .sector = entry->sector,
                                          .data = entry->data};
    /* There is room: the ring has as many places as the table. */
    table_state(&blkvirt->table, entry,
                block_client_post(&blkvirt->device.client, &request) ? ENTRY_SENT : ENTRY_QUEUED);
}

void device_submit(struct blkvirt *blkvirt, struct entry *entry)
{
    if (table_must_wait(&blkvirt->table, entry)) {
        table_state(&blkvirt->table, entry, ENTRY_WAITING);
    } else if (blkvirt->device.ready) {
        send(blkvirt, entry);
    }
}

void device_publish(struct blkvirt *blkvirt)
{
    if (block_client_publish(&blkvirt->device.client)) {
        bell_ring(&blkvirt->device.bell);
    }
}

/* What the late driver had been given goes back to the queue; what nobody waits for is forgotten. */
static void take_back(struct blkvirt *blkvirt, uint8_t tenant)
{
    struct entry *next;
    for (struct entry *entry = table_first(&blkvirt->table, tenant); entry != NULL; entry = next) {
        next = table_next(&blkvirt->table, entry);
        if (entry->state == ENTRY_ORPHAN) {
            table_remove(&blkvirt->table, entry);
        } else if (entry->state == ENTRY_SENT) {
            table_state(&blkvirt->table, entry, ENTRY_QUEUED);
            blkvirt->replayed++;
        }
    }
}

static void send_queued(struct blkvirt *blkvirt, uint8_t tenant)
{
    for (struct entry *entry = table_first(&blkvirt->table, tenant); entry != NULL;
         entry = table_next(&blkvirt->table, entry)) {
        if (entry->state == ENTRY_QUEUED) {
            send(blkvirt, entry);
        }
    }
}

static bool geometry_sound(const struct block_geometry *geometry)
{
    const uint32_t block = geometry->block_bytes;
    return block >= BLOCK_LIMITS_SECTOR_BYTES && block <= 4096 && (block & (block - 1)) == 0 &&
           geometry->sectors <= UINT64_MAX / BLOCK_LIMITS_SECTOR_BYTES;
}

/* A disk does not change while this program lives: tenants have been told. */
static bool geometry_same(const struct block_geometry *a, const struct block_geometry *b)
{
    return a->sectors == b->sectors && a->block_bytes == b->block_bytes && a->features == b->features;
}

static void became_ready(struct blkvirt *blkvirt)
{
    struct device *device = &blkvirt->device;
    struct block_geometry geometry;
    block_client_geometry(&device->client, &geometry);
    if (!geometry_sound(&geometry) || (device->known && !geometry_same(&geometry, &device->geometry))) {
        device_lied(blkvirt, "its disk cannot be");
        return;
    }
    device->geometry = geometry;
    device->known = device->ready = true;
    device->sign++;
    for (uint32_t tenant = 0; tenant < blkvirt->tenants; tenant++) {
        send_queued(blkvirt, (uint8_t)tenant);
    }
    device_publish(blkvirt);
    if (device->client.epoch != device->sent_epoch) {
        log_line("epoch %u: %u requests replayed", device->client.epoch, blkvirt->table.sent);
    }
    device->sent_epoch = device->client.epoch;
}

/* The word is builder's, but the driver can write it: one that does so without end serves nobody. */
static void new_epoch(struct blkvirt *blkvirt)
{
    enum { BARREN_MAX = 16 };
    struct device *device = &blkvirt->device;
    device->ready = device->lying = device->failed = false;
    blkvirt->watch = (struct watch){.tick = DEADLINE_NEVER};
    device->barren += blkvirt->table.used != 0;
    for (uint32_t tenant = 0; tenant < blkvirt->tenants; tenant++) {
        take_back(blkvirt, (uint8_t)tenant);
    }
    if (device->barren > BARREN_MAX) {
        device->barren = 0;
        device_lied(blkvirt, "epochs without end");
    }
    bell_ring(&device->bell); /* it waits for this end to have joined */
}

static void follow_state(struct blkvirt *blkvirt)
{
    struct device *device = &blkvirt->device;
    switch (block_client_state(&device->client)) {
    case CHANNEL_STATE_STARTING:
        break;
    case CHANNEL_STATE_READY:
        if (!device->ready) {
            became_ready(blkvirt);
        }
        break;
    case CHANNEL_STATE_PARKED:
        device->failed = !device->client.broken;
        if (device->failed) {
            device->ready = false;
            log_line("the driver says that its device failed");
        }
        break;
    }
}

void device_settle(struct blkvirt *blkvirt)
{
    struct device *device = &blkvirt->device;
    if (block_client_follow(&device->client)) {
        new_epoch(blkvirt);
    }
    if (!device->lying && !device->failed && !blkvirt->parked) {
        follow_state(blkvirt);
    }
    if (device->client.broken && !device->lying) {
        device_lied(blkvirt, "a word that cannot be");
    }
}

/* @done has been answered: what waited for it may go. */
static void release_waiting(struct blkvirt *blkvirt, const struct entry *done)
{
    for (struct entry *entry = table_next(&blkvirt->table, done); entry != NULL;
         entry = table_next(&blkvirt->table, entry)) {
        if (entry->state == ENTRY_WAITING &&
            ranges_overlap(entry->sector, entry->sectors, done->sector, done->sectors)) {
            /* Among those before it @done still stands, of no sectors. */
            table_state(&blkvirt->table, entry, ENTRY_QUEUED);
            device_submit(blkvirt, entry);
        }
    }
}

static void finish(struct blkvirt *blkvirt, struct entry *entry, enum block_status status)
{
    if (entry->state == ENTRY_SENT) {
        block_server_complete(&blkvirt->tenant[entry->tenant].server, entry->id, status);
        blkvirt->completed++;
    }
    if (blkvirt->table.list[entry->tenant].waiting != 0 && op_writes(entry->op)) {
        const struct entry done = *entry;
        entry->sectors = 0;
        release_waiting(blkvirt, &done);
    }
    table_remove(&blkvirt->table, entry);
}

void device_collect(struct blkvirt *blkvirt)
{
    struct device *device = &blkvirt->device;
    struct block_completion completion;
    if (!device->ready) {
        return;
    }
    while (block_client_take(&device->client, &completion)) {
        struct entry *entry = table_find(&blkvirt->table, completion.id);
        if (entry == NULL) {
            device_lied(blkvirt, "a completion of what was not asked, or was answered");
            return;
        }
        if (completion.status > BLOCK_STATUS_READ_ONLY) {
            device_lied(blkvirt, "a status that does not exist");
            return;
        }
        finish(blkvirt, entry, (enum block_status)completion.status);
        device->sign++;
        device->barren = 0;
    }
}

void device_orphan(struct blkvirt *blkvirt, uint8_t tenant)
{
    struct entry *next;
    for (struct entry *entry = table_first(&blkvirt->table, tenant); entry != NULL; entry = next) {
        next = table_next(&blkvirt->table, entry);
        if (entry->state == ENTRY_SENT) {
            table_state(&blkvirt->table, entry, ENTRY_ORPHAN);
        } else if (entry->state != ENTRY_ORPHAN) {
            table_remove(&blkvirt->table, entry);
        }
    }
}

uint32_t device_epoch(const struct device *device)
{
    const bool judged = device->ready || device->failed || device->lying;
    return judged ? device->client.epoch : device->sent_epoch;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

void device_health(const struct blkvirt *blkvirt, struct block_health *health)
{
    const uint32_t known = SERVICE_WARNING_SPARE | SERVICE_WARNING_TEMPERATURE | SERVICE_WARNING_RELIABILITY |
                           SERVICE_WARNING_READ_ONLY | SERVICE_WARNING_VOLATILE_MEMORY |
                           SERVICE_WARNING_PERSISTENT_MEMORY;
    block_client_health(&blkvirt->device.client, health);
    health->warnings &= known;
    health->temperature_k = at_most(health->temperature_k, UINT16_MAX);
    health->spare_percent = at_most(health->spare_percent, UINT8_MAX);
    health->used_percent = at_most(health->used_percent, UINT8_MAX);
}

enum service_verdict device_verdict(const struct blkvirt *blkvirt)
{
    if (blkvirt->parked) {
        return SERVICE_VERDICT_PARKED;
    }
    if (blkvirt->device.lying) {
        return SERVICE_VERDICT_CORRUPT;
    }
    if (blkvirt->device.failed) {
        return SERVICE_VERDICT_DEVICE_FAILED;
    }
    return blkvirt->watch.silent ? SERVICE_VERDICT_SILENT : SERVICE_VERDICT_WELL;
}
