/* Requests, one at a time: [ATA-6] 9.4 to 9.6. A sector moves whenever the device says that it wants to; its interrupt only
 * wakes the driver up, which looks at the status in any case. */
#include "ata.h"

#include <checked.h>
#include <clock.h>
#include <log.h>

enum {
    ATTEMPTS_MAX = 3,
    RESETS_MAX = 5,
    COMPLAINTS_MAX = 16,
    STEPS_MAX = 32,
    SECTOR_STEPS = BLOCK_LIMITS_SECTOR_BYTES / 4
};

static const uint64_t STEP_NS = UINT64_C(8000) * 1000 * 1000; /* a slow disk is not a dead one */

static struct ata *ata_of(struct drive *drive)
{
    return (struct ata *)(void *)((uint8_t *)drive - offsetof(struct ata, drive));
}

static struct block_request *oldest(struct ata *ata)
{
    return &ata->queue[ata->head % ATA_QUEUE];
}

/* ------------------------------------------------------------------ commands */

/* [ATA-6] 6.2: of 48 bits the upper halves go first, through the same registers. */
static void set_address(const struct ata *ata, uint64_t sector, uint32_t sectors, bool extended)
{
    if (extended) {
        ata_out(ata, ATA_COUNT, (uint8_t)(sectors >> 8));
        ata_out(ata, ATA_LBA_LOW, (uint8_t)(sector >> 24));
        ata_out(ata, ATA_LBA_MID, (uint8_t)(sector >> 32));
        ata_out(ata, ATA_LBA_HIGH, (uint8_t)(sector >> 40));
    }
    ata_out(ata, ATA_COUNT, (uint8_t)sectors);
    ata_out(ata, ATA_LBA_LOW, (uint8_t)sector);
    ata_out(ata, ATA_LBA_MID, (uint8_t)(sector >> 8));
    ata_out(ata, ATA_LBA_HIGH, (uint8_t)(sector >> 16));
    ata_out(ata, ATA_DEVICE, (uint8_t)(ATA_DEVICE_LBA | (extended ? 0 : sector >> 24 & 0xf)));
}

static void command(struct ata *ata, uint8_t opcode, enum ata_phase phase)
{
    ata_out(ata, ATA_COMMAND, opcode);
    ata_settle(ata);
    ata->phase = phase;
    ata->deadline = ata->now + clock_ns_to_ticks(STEP_NS, ata->drive.tsc_khz);
}

static void flush(struct ata *ata)
{
    ata_out(ata, ATA_DEVICE, ATA_DEVICE_LBA);
    command(ata, ata->flush_ext ? ATA_FLUSH_EXT : ATA_FLUSH, ATA_PHASE_FLUSH);
}

/* The oldest request from its beginning. The channel checked it against the geometry. */
static void begin(struct ata *ata)
{
    const struct block_request *request = oldest(ata);
    const bool extended = request->sector + request->sectors > ATA_SECTORS_28;
    ata->left = request->sectors;
    if (request->op == BLOCK_OP_FLUSH) {
        flush(ata);
        return;
    }
    set_address(ata, request->sector, request->sectors, extended);
    if (request->op == BLOCK_OP_WRITE) {
        command(ata, extended ? ATA_WRITE_EXT : ATA_WRITE, ATA_PHASE_OUT);
    } else {
        command(ata, extended ? ATA_READ_EXT : ATA_READ, ATA_PHASE_IN);
    }
}

static void publish(struct drive *drive)
{
    struct ata *ata = ata_of(drive);
    if (ata->phase == ATA_PHASE_IDLE && ata->count != 0) {
        ata->attempts = 1;
        ata->hurry = true;
        begin(ata);
    }
}

static void finish(struct ata *ata, enum block_status status)
{
    const uint16_t id = oldest(ata)->id;
    ata->head++;
    ata->count--;
    ata->phase = ATA_PHASE_IDLE;
    ata->deadline = DEADLINE_NEVER;
    ata->resets = 0;
    drive_done(&ata->drive, id, status);
    publish(&ata->drive);
}

/* ------------------------------------------------------------------ requests */

static bool room(struct drive *drive)
{
    return ata_of(drive)->count < ATA_QUEUE;
}

/* Lies all that the request moves in one of the pools? What the ring says is an address of this domain. */
static bool in_pool(const struct ata *ata, const struct block_request *request)
{
    const uint64_t bytes = (uint64_t)request->sectors * BLOCK_LIMITS_SECTOR_BYTES;
    for (uint32_t index = 0; index < ata->pools; index++) {
        if (range_inside(request->data, bytes, ata->pool[index].address, ata->pool[index].bytes)) {
            return true;
        }
    }
    return false;
}

static void submit(struct drive *drive, const struct block_request *request)
{
    struct ata *ata = ata_of(drive);
    if (request->op != BLOCK_OP_FLUSH && !in_pool(ata, request)) {
        drive_done(drive, request->id, BLOCK_STATUS_RANGE);
        return;
    }
    ata->queue[(ata->head + ata->count++) % ATA_QUEUE] = *request;
}

/* [ATA-6] 7: what ended the command. */
static enum block_status status_of(struct ata *ata, uint8_t status)
{
    const struct block_request *request = oldest(ata);
    const uint8_t error = (status & ATA_STATUS_ERROR) != 0 ? ata_in(ata, ATA_ERROR) : 0;
    if (ata->complaints < COMPLAINTS_MAX) {
        ata->complaints++;
        log_line("operation %u at sector %llu: status %#x, error %#x", request->op,
                 (unsigned long long)request->sector, status, error);
    }
    ata->drive.health.errors++;
    drive_health_changed(&ata->drive);
    if ((status & ATA_STATUS_FAULT) == 0 && (error & ATA_ERROR_NOT_FOUND) != 0) {
        return BLOCK_STATUS_RANGE;
    }
    if ((status & ATA_STATUS_FAULT) == 0 && (error & ATA_ERROR_ABORTED) != 0 &&
        request->op == BLOCK_OP_FLUSH) {
        return BLOCK_STATUS_UNSUPPORTED;
    }
    return BLOCK_STATUS_IO_ERROR;
}

/* One sector between the port and the pool, whose memory a tenant may write at the same time. */
static void move_sector(struct ata *ata)
{
    const struct block_request *request = oldest(ata);
    const uint64_t done = request->sectors - ata->left;
    volatile uint32_t *data =
        (volatile uint32_t *)(uintptr_t)(request->data + done * BLOCK_LIMITS_SECTOR_BYTES);
    for (unsigned at = 0; at < SECTOR_STEPS; at++) {
        if (ata->phase == ATA_PHASE_IN) {
            data[at] = ata_in_data(ata);
        } else {
            ata_out_data(ata, data[at]);
        }
    }
    ata->left--;
    ata->deadline = ata->now + clock_ns_to_ticks(STEP_NS, ata->drive.tsc_khz);
    ata_settle(ata);
}

/* All sectors have moved and the device is idle. */
static void end_transfer(struct ata *ata)
{
    if (ata->phase == ATA_PHASE_OUT && (oldest(ata)->flags & BLOCK_FUA) != 0) {
        flush(ata);
    } else {
        finish(ata, BLOCK_STATUS_OK);
    }
}

/* One look at the status; answers whether another may find more. */
static bool step(struct ata *ata)
{
    const uint8_t status = ata_in(ata, ATA_STATUS);
    const bool wants = (status & ATA_STATUS_REQUEST) != 0;
    if (status == ATA_STATUS_NOBODY) {
        ata->wrong = "the disk has gone";
        return false;
    }
    if ((status & ATA_STATUS_BUSY) != 0) {
        return false;
    }
    if ((status & (ATA_STATUS_ERROR | ATA_STATUS_FAULT)) != 0) {
        finish(ata, status_of(ata, status));
    } else if (wants && ata->left != 0 && ata->phase != ATA_PHASE_FLUSH) {
        move_sector(ata);
    } else if (wants) {
        ata->wrong = "the disk wants to move more than was asked for";
        return false;
    } else if (ata->phase == ATA_PHASE_FLUSH) {
        finish(ata, BLOCK_STATUS_OK);
    } else if (ata->left == 0) {
        end_transfer(ata);
    } else {
        return false; /* neither busy nor ready: it needs a moment */
    }
    return true;
}

/* ------------------------------------------------------------------ the disk's life */

static bool start(struct drive *drive, struct block_geometry *geometry)
{
    struct ata *ata = ata_of(drive);
    ata->head = ata->count = ata->resets = ata->complaints = 0;
    ata->phase = ATA_PHASE_IDLE;
    ata->deadline = DEADLINE_NEVER;
    return ata_bring_up(ata, geometry);
}

/* What was at the device begins anew, unless it has outlived too many resets. */
static bool recover(struct ata *ata)
{
    struct block_geometry geometry;
    log_line("%s: reset, %u requests wait", ata->wrong, ata->count);
    ata->drive.health.resets++;
    drive_health_changed(&ata->drive);
    if (ata->resets++ == RESETS_MAX || !ata_bring_up(ata, &geometry)) {
        return false;
    }
    if (geometry.sectors != ata->drive.geometry.sectors) {
        log_line("the disk came back as another one");
        return false;
    }
    if (ata->attempts++ < ATTEMPTS_MAX) {
        begin(ata);
        return true;
    }
    const uint32_t resets = ata->resets; /* an error is nothing done */
    finish(ata, BLOCK_STATUS_IO_ERROR);
    ata->resets = resets;
    return true;
}

/* After so many steps the channel gets its turn: requests, answers, signs of life. */
static bool poll(struct drive *drive, uint64_t now)
{
    struct ata *ata = ata_of(drive);
    unsigned steps = 0;
    ata->now = now;
    while (steps < STEPS_MAX && ata->phase != ATA_PHASE_IDLE && step(ata)) {
        steps++;
    }
    ata->hurry = steps == STEPS_MAX;
    if (ata->phase != ATA_PHASE_IDLE && ata->wrong == NULL && now >= ata->deadline) {
        ata->wrong = "a command does not end";
    }
    return ata->wrong == NULL || recover(ata);
}

/* [ATA-6] 9.6: no interrupt says that the first sector of a write may come. Of the others the edge may come and go while the
 * kernel has it masked: look again now and then. */
static uint64_t deadline(const struct drive *drive)
{
    static const uint64_t FIRST_NS = UINT64_C(1000) * 1000, LOOK_NS = UINT64_C(20) * 1000 * 1000;
    const struct ata *ata =
        (const struct ata *)(const void *)((const uint8_t *)drive - offsetof(struct ata, drive));
    if (ata->phase == ATA_PHASE_IDLE) {
        return DEADLINE_NEVER;
    }
    const bool first = ata->phase == ATA_PHASE_OUT && ata->left == ata->queue[ata->head % ATA_QUEUE].sectors;
    return ata->hurry ? DEADLINE_NOW
                      : ata->now + clock_ns_to_ticks(first ? FIRST_NS : LOOK_NS, drive->tsc_khz);
}

static const struct drive_ops ata_ops = {
    .start = start, .room = room, .submit = submit, .publish = publish, .poll = poll, .deadline = deadline};

void ata_init(struct ata *ata, uint32_t ports_slot, uint32_t control_slot, uint64_t tsc_khz)
{
    *ata = (struct ata){.drive = {.ops = &ata_ops, .tsc_khz = tsc_khz},
                        .ports_slot = ports_slot,
                        .control_slot = control_slot,
                        .deadline = DEADLINE_NEVER};
}

bool ata_add_pool(struct ata *ata, uint64_t address, uint64_t bytes)
{
    if (ata->pools == ATA_POOLS_MAX || address % BLOCK_LIMITS_SECTOR_BYTES != 0) {
        return false;
    }
    ata->pool[ata->pools++] = (struct ata_pool){address, bytes};
    return true;
}
