/* What this program asks of a disk, whichever kind it is. main.c serves the channel, a drive does the rest:
 *
 *     start()                     the device is reset and runs, or has failed
 *     room() / submit()           one request each; publish() tells the device of the batch
 *     poll()                      collects what is complete, and asks for a new start when the device failed
 *
 * A drive answers each request exactly once, by drive_done, and none after start() was called again. Everything
 * that a device says is hostile input. */
#ifndef BLKDRV_DRIVE_H
#define BLKDRV_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <blockring.h>

struct drive;

struct drive_ops {
    /* Stops the device whatever state it is in, so that no DMA is under way, forgets every request, and starts it.
     * Takes as long as the device may take; answers pings meanwhile by drive_pause. False: it cannot be used. */
    bool (*start)(struct drive *drive, struct block_geometry *geometry);
    /* Is there room for a request? */
    bool (*room)(struct drive *drive);
    /* Takes a request that passed drive_check; only after room() said yes. */
    void (*submit)(struct drive *drive, const struct block_request *request);
    void (*publish)(struct drive *drive);
    /* False: the device has failed or makes no sense, and start() failed too. */
    bool (*poll)(struct drive *drive, uint64_t now);
    /* When poll() must be called even if no interrupt comes; DEADLINE_NEVER: not at all. */
    uint64_t (*deadline)(const struct drive *drive);
};

struct drive {
    const struct drive_ops *ops;
    uint64_t tsc_khz;
    struct block_geometry geometry; /* of the last successful start */
    struct block_health health;     /* drive_health_changed() shows it */
};

/* main.c's side; tests have their own. */
void drive_done(struct drive *drive, uint16_t id, enum block_status status);
void drive_health_changed(struct drive *drive);
/* Waits about @us while the device works. */
void drive_pause(struct drive *drive, uint32_t us);

#endif
