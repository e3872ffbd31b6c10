#include "channel.h"

#include <checked.h>
#include <log.h>

/* The device may hold requests of the last epoch, or of another driver: nothing is served before it was reset. */
static void restart(struct channel *channel)
{
    struct drive *drive = channel->drive;
    channel->up = drive->ops->start(drive, &drive->geometry);
    if (channel->up) {
        int serial_bytes = 0;
        while (serial_bytes < BLOCK_SERIAL_BYTES && drive->geometry.serial[serial_bytes] != 0) {
            serial_bytes++;
        }
        block_server_geometry(&channel->server, &drive->geometry);
        block_server_health(&channel->server, &drive->health);
        log_line("ready: %llu sectors, blocks of %u bytes, \"%.*s\"",
                 (unsigned long long)drive->geometry.sectors, drive->geometry.block_bytes, serial_bytes,
                 (const char *)drive->geometry.serial);
    }
    block_server_state(&channel->server, channel->up ? CHANNEL_STATE_READY : CHANNEL_STATE_PARKED);
    channel->changed = true;
}

void channel_open(struct channel *channel, struct block_channel *page, struct drive *drive)
{
    *channel = (struct channel){.drive = drive};
    block_server_open(&channel->server, page);
    restart(channel);
}

static bool pages_possible(const struct block_request *request)
{
    uint64_t end;
    return request->data % 4096 == 0 &&
           request->sectors <= BLOCK_LIMITS_SLOT_BYTES / BLOCK_LIMITS_SECTOR_BYTES &&
           checked_add(request->data, BLOCK_LIMITS_SLOT_BYTES, &end);
}

enum block_status channel_check(const struct block_geometry *geometry, const struct block_request *request)
{
    const uint32_t in_block =
        geometry->block_bytes / BLOCK_LIMITS_SECTOR_BYTES - 1; /* a power of two, less one */
    const uint8_t flags = request->op == BLOCK_OP_WRITE ? BLOCK_FUA : 0;
    if (request->op > BLOCK_OP_WRITE_ZEROES || (request->flags & ~flags) != 0 ||
        (geometry->features & 1u << request->op) == 0) {
        return BLOCK_STATUS_UNSUPPORTED;
    }
    if (request->op == BLOCK_OP_FLUSH) {
        return BLOCK_STATUS_OK;
    }
    if (request->sectors == 0 || !range_inside(request->sector, request->sectors, 0, geometry->sectors) ||
        ((request->sector | request->sectors) & in_block) != 0) {
        return BLOCK_STATUS_RANGE;
    }
    return request->op > BLOCK_OP_WRITE || pages_possible(request) ? BLOCK_STATUS_OK : BLOCK_STATUS_RANGE;
}

static void take(struct channel *channel)
{
    struct drive *drive = channel->drive;
    struct block_request request;
    while (drive->ops->room(drive) && block_server_take(&channel->server, &request)) {
        const enum block_status status = channel_check(&drive->geometry, &request);
        if (status == BLOCK_STATUS_OK) {
            drive->ops->submit(drive, &request);
        } else {
            channel->refused++;
            block_server_complete(&channel->server, request.id, status);
        }
    }
    drive->ops->publish(drive);
}

static void serve(struct channel *channel, uint64_t now)
{
    struct drive *drive = channel->drive;
    if (drive->ops->poll(drive, now)) {
        take(channel);
        return;
    }
    log_line("the device has failed");
    channel->up = false;
    block_server_state(&channel->server, CHANNEL_STATE_PARKED);
    channel->changed = true;
}

bool channel_work(struct channel *channel, uint64_t now, bool *asleep)
{
    struct drive *drive = channel->drive;
    if (block_server_follow(&channel->server)) {
        log_line("epoch %u", channel->server.epoch);
        restart(channel);
    }
    block_server_pong(&channel->server);
    if (channel->up) {
        serve(channel, now);
    }
    const bool told = block_server_publish(&channel->server);
    const bool signal = told || channel->changed;
    channel->changed = false;
    /* A full drive makes room by an interrupt. */
    *asleep = !channel->up || !drive->ops->room(drive) || block_server_sleep(&channel->server);
    return signal;
}
