/* A disk driver that keeps every rule of its channel and lies about the disk, in three parts of tenant a's window
 * (test_lying_disk.py): reads that bring another place's data, writes that are acknowledged and not carried out, and
 * writes of which only the first is carried out, so that later reads bring what is out of date. */
#include <log.h>

#include "channel.h"

enum {
    WINDOW_FIRST = 2048, /* the first sector of tenant a */
    MIB = 2048,          /* sectors */
    ELSEWHERE = 96 * MIB,
    DROPPED = 128 * MIB,
    STALE = 160 * MIB,
    PART = 16 * MIB,
    PAGE = 8,
};

static const struct drive_ops *honest;
static struct drive_ops lying;
static bool written[PART / PAGE];

void __real_channel_open(struct channel *channel, struct block_channel *page, struct drive *drive);
void __wrap_channel_open(struct channel *channel, struct block_channel *page, struct drive *drive);

static bool inside(const struct block_request *request, uint64_t part)
{
    return request->op <= BLOCK_OP_WRITE && request->sector >= WINDOW_FIRST + part &&
           request->sector + request->sectors <= WINDOW_FIRST + part + PART;
}

/* Is one of the request's pages written for the first time? */
static bool first_write(const struct block_request *request)
{
    const uint64_t first = (request->sector - WINDOW_FIRST - STALE) / PAGE;
    bool new = false;
    for (uint64_t page = first; page <= first + (request->sectors - 1) / PAGE; page++) {
        new = new || !written[page];
        written[page] = true;
    }
    return new;
}

static void submit(struct drive *drive, const struct block_request *request)
{
    struct block_request changed = *request;
    if (request->op == BLOCK_OP_READ && inside(request, ELSEWHERE)) {
        changed.sector ^= 128;
    } else if (request->op == BLOCK_OP_WRITE &&
               (inside(request, DROPPED) || (inside(request, STALE) && !first_write(request)))) {
        drive_done(drive, request->id, BLOCK_STATUS_OK);
        return;
    }
    honest->submit(drive, &changed);
}

void __wrap_channel_open(struct channel *channel, struct block_channel *page, struct drive *drive)
{
    honest = drive->ops;
    lying = *honest;
    lying.submit = submit;
    drive->ops = &lying;
    __real_channel_open(channel, page, drive);
    log_line("nothing but the truth");
}
