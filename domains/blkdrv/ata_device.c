/* Reset and identity: [ATA-6] 9.2, 8.15. */
#include "ata.h"

#include <log.h>

enum { POLL_US = 1000, US_PER_MS = 1000, IDENTIFY_LIMIT_MS = 10000 };

void ata_settle(const struct ata *ata)
{
    for (unsigned reads = 0; reads < ATA_SETTLE_READS; reads++) {
        (void)ata_in(ata, ATA_ALTERNATE);
    }
}

/* Waits until the device is not busy. False: it stayed so, or there is nobody. */
static bool await_idle(struct ata *ata, uint32_t limit_ms, uint8_t *status)
{
    for (uint32_t waited_ms = 0; waited_ms <= limit_ms; waited_ms++) {
        *status = ata_in(ata, ATA_STATUS);
        if (*status == ATA_STATUS_NOBODY) {
            return false;
        }
        if ((*status & ATA_STATUS_BUSY) == 0) {
            return true;
        }
        drive_pause(&ata->drive, POLL_US);
    }
    return false;
}

/* Whatever the device was doing ends. Both devices of a channel are reset, and 0 is chosen. */
static bool reset(struct ata *ata)
{
    uint8_t status;
    ata_out(ata, ATA_CONTROL, ATA_CONTROL_RESET);
    drive_pause(&ata->drive, ATA_RESET_HOLD_US);
    ata_out(ata, ATA_CONTROL, 0);
    drive_pause(&ata->drive, ATA_RESET_WAIT_US);
    ata_out(ata, ATA_DEVICE, ATA_DEVICE_LBA);
    ata_settle(ata);
    if (!await_idle(ata, ATA_RESET_LIMIT_MS, &status)) {
        log_line("no disk: status %#x after a reset", status);
        return false;
    }
    const unsigned signature = ata_in(ata, ATA_LBA_MID) | (unsigned)ata_in(ata, ATA_LBA_HIGH) << 8;
    if (signature != 0) {
        log_line("not a disk: signature %#x", signature);
        return false;
    }
    return true;
}

static bool read_identity(struct ata *ata, uint16_t words[IDENTIFY_WORDS])
{
    uint8_t status;
    ata_out(ata, ATA_COMMAND, ATA_IDENTIFY);
    ata_settle(ata);
    if (!await_idle(ata, IDENTIFY_LIMIT_MS, &status) ||
        (status & (ATA_STATUS_REQUEST | ATA_STATUS_ERROR | ATA_STATUS_FAULT)) != ATA_STATUS_REQUEST) {
        log_line("the disk does not identify itself: status %#x", status);
        return false;
    }
    for (unsigned word = 0; word < IDENTIFY_WORDS; word += 2) {
        const uint32_t two = ata_in_data(ata);
        words[word] = (uint16_t)two;
        words[word + 1] = (uint16_t)(two >> 16);
    }
    return true;
}

static uint64_t number(const uint16_t *words, unsigned count)
{
    uint64_t value = 0;
    while (count > 0) {
        value = value << 16 | words[--count];
    }
    return value;
}

/* Two characters a word, the first in the upper half; blanks at the end. */
static void read_serial(const uint16_t *words, uint8_t serial[BLOCK_SERIAL_BYTES])
{
    unsigned end = 0;
    for (unsigned at = 0; at < 2 * IDENTIFY_SERIAL_WORDS; at++) {
        const uint8_t letter = (uint8_t)(words[IDENTIFY_SERIAL + at / 2] >> (at % 2 == 0 ? 8 : 0));
        serial[at] = letter >= ' ' && letter <= '~' ? letter : '?';
        end = serial[at] != ' ' ? at + 1 : end;
    }
    for (unsigned at = end; at < BLOCK_SERIAL_BYTES; at++) {
        serial[at] = 0;
    }
}

/* Before LBA and the extended commands are believed, what says so must be valid. */
static bool read_geometry(struct ata *ata, const uint16_t *words, struct block_geometry *geometry)
{
    const uint16_t commands =
        (words[IDENTIFY_COMMANDS] & IDENTIFY_VALID) == IDENTIFY_IS_VALID ? words[IDENTIFY_COMMANDS] : 0;
    const bool size_known = (words[IDENTIFY_SECTOR_SIZE] & IDENTIFY_VALID) == IDENTIFY_IS_VALID;
    ata->wide = (commands & IDENTIFY_HAS_LBA48) != 0;
    ata->flush_ext = (commands & IDENTIFY_HAS_FLUSH_EXT) != 0 && ata->wide;
    ata->sectors = ata->wide ? number(words + IDENTIFY_SECTORS_48, 4) : number(words + IDENTIFY_SECTORS, 2);
    if ((words[IDENTIFY_GENERAL] & 0x8000) != 0 || (words[IDENTIFY_CAPABILITIES] & IDENTIFY_HAS_LBA) == 0 ||
        ata->sectors == 0 || ata->sectors > UINT64_C(1) << (ata->wide ? 48 : 28) ||
        (size_known && (words[IDENTIFY_SECTOR_SIZE] & IDENTIFY_LONG_SECTORS) != 0)) {
        log_line("a disk of %llu sectors, general %#x, capabilities %#x, cannot be used",
                 (unsigned long long)ata->sectors, words[IDENTIFY_GENERAL], words[IDENTIFY_CAPABILITIES]);
        return false;
    }
    geometry->sectors = ata->sectors;
    geometry->block_bytes = BLOCK_LIMITS_SECTOR_BYTES;
    geometry->features = 1u << BLOCK_OP_READ | 1u << BLOCK_OP_WRITE;
    if ((commands & (IDENTIFY_HAS_FLUSH | IDENTIFY_HAS_FLUSH_EXT)) != 0) {
        geometry->features |= 1u << BLOCK_OP_FLUSH;
    }
    read_serial(words, geometry->serial);
    return true;
}

bool ata_bring_up(struct ata *ata, struct block_geometry *geometry)
{
    uint16_t words[IDENTIFY_WORDS];
    ata->wrong = NULL;
    return reset(ata) && read_identity(ata, words) && read_geometry(ata, words, geometry);
}
