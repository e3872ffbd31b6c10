/* An ATA disk by programmed I/O: device 0 of the first channel. The driver moves the data itself, between the ports and
 * the tenants' pools, which it maps where a device of another kind would see them. */
#ifndef BLKDRV_ATA_H
#define BLKDRV_ATA_H

#include <stddef.h>

#include "ata_registers.h"
#include "drive.h"

enum {
    ATA_POOLS_MAX = 8,
    ATA_QUEUE = 64,           /* requests taken; one is at the device */
    ATA_SECTORS_28 = 1 << 28, /* what 28 bits of address reach */
};

struct ata_pool {
    uint64_t address; /* virtual, and what requests say */
    uint64_t bytes;
};

enum ata_phase { ATA_PHASE_IDLE, ATA_PHASE_IN, ATA_PHASE_OUT, ATA_PHASE_FLUSH };

struct ata {
    struct drive drive;
    uint32_t ports_slot, control_slot;
    struct ata_pool pool[ATA_POOLS_MAX];
    uint32_t pools;
    bool wide; /* 48 bits of address */
    bool flush_ext;
    uint64_t sectors;
    /* Oldest first; the oldest is at the device unless the phase is idle. */
    struct block_request queue[ATA_QUEUE];
    uint32_t head, count;
    enum ata_phase phase;
    uint32_t left; /* sectors that were not moved yet */
    uint8_t attempts;
    uint32_t resets; /* since anything was done */
    uint64_t now;
    uint64_t deadline; /* of the step under way; DEADLINE_NEVER: nothing is */
    uint32_t complaints;
    bool hurry;        /* the last poll ended before it had to, or there was none yet */
    const char *wrong; /* why the device is not believed any more; NULL: it is */
};

/* No pool yet; ata_add_pool answers whether there is a place for one. */
void ata_init(struct ata *ata, uint32_t ports_slot, uint32_t control_slot, uint64_t tsc_khz);
bool ata_add_pool(struct ata *ata, uint64_t address, uint64_t bytes);

/* ------------------------------------------------------------------ ata_ports.c, or the tests' model */

uint8_t ata_in(const struct ata *ata, uint16_t port);
void ata_out(const struct ata *ata, uint16_t port, uint8_t value);
/* Two words of the data register, the earlier one in the lower half. */
uint32_t ata_in_data(const struct ata *ata);
void ata_out_data(const struct ata *ata, uint32_t value);

/* ------------------------------------------------------------------ ata_device.c */

/* A status is good a while after a command or a choice of device. */
void ata_settle(const struct ata *ata);
/* Resets the channel, and finds out what disk there is and whether it can be used. */
bool ata_bring_up(struct ata *ata, struct block_geometry *geometry);

#endif
