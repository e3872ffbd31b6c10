/* Between the channel to blkvirt and the drive: nothing here knows which kind of drive it is. */
#ifndef BLKDRV_CHANNEL_H
#define BLKDRV_CHANNEL_H

#include "drive.h"

struct channel {
    struct block_server server;
    struct drive *drive;
    bool up;      /* the drive runs */
    bool changed; /* the other end has not been told of a new state */
    uint64_t refused;
};

void channel_open(struct channel *channel, struct block_channel *page, struct drive *drive);

/* One wake-up: follows the epoch, collects, takes, tells the device. Answers whether the other end wants a signal;
 * @asleep: there is nothing more to do. */
bool channel_work(struct channel *channel, uint64_t now, bool *asleep);

/* May this request be given to a drive of @geometry? The only place that refuses one. */
enum block_status channel_check(const struct block_geometry *geometry, const struct block_request *request);

#endif
