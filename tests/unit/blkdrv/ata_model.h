/* A channel of an ATA disk in software, behind ata_in and its kin, with what can go wrong. */
#ifndef TEST_BLKDRV_ATA_MODEL_H
#define TEST_BLKDRV_ATA_MODEL_H

#include "ata.h"

enum { DISK_SECTORS = 4096, SECTOR_WORDS = 256 };

struct disk {
    uint16_t words[DISK_SECTORS][SECTOR_WORDS];
    uint16_t identity[IDENTIFY_WORDS];
    /* registers: the last value written, and the one before it */
    uint8_t count[2], lba[3][2], device, status, error, control;
    uint16_t signature;
    bool out; /* data goes to the disk */
    const uint16_t *source;
    uint64_t sector;
    uint32_t left, word;
    uint64_t now_us, reset_us;
    /* what it did */
    unsigned commands, resets, flushes, extended;
    uint8_t last;
    /* what goes wrong */
    unsigned busy_looks; /* after each command and sector */
    unsigned busy;
    uint64_t bad_sector; /* the error register of it below; UINT64_MAX: none */
    uint8_t bad_error, bad_status;
    unsigned hangs; /* commands that never end */
    bool gone, stays_busy, wants_more, stays_quiet, transfers_hang;
    unsigned offences; /* of the driver */
};

extern struct disk disk;

void disk_start(void);
/* One of 28 bits, without flush: the oldest kind that is driven. */
void disk_is_old(void);
void disk_pause(uint32_t us);

#endif
