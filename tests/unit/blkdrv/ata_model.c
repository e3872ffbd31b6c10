#include "ata_model.h"

#include <string.h>

struct disk disk;

static void offence(bool wrong)
{
    disk.offences += wrong;
}

void disk_start(void)
{
    memset(&disk, 0, sizeof disk);
    disk.bad_sector = UINT64_MAX;
    disk.status = 0x50;
    disk.identity[IDENTIFY_CAPABILITIES] = IDENTIFY_HAS_LBA;
    disk.identity[IDENTIFY_SECTORS] = DISK_SECTORS;
    disk.identity[IDENTIFY_SECTORS_48] = DISK_SECTORS;
    disk.identity[IDENTIFY_COMMANDS] =
        IDENTIFY_IS_VALID | IDENTIFY_HAS_LBA48 | IDENTIFY_HAS_FLUSH | IDENTIFY_HAS_FLUSH_EXT;
    for (unsigned word = 0; word < IDENTIFY_SERIAL_WORDS; word++) {
        disk.identity[IDENTIFY_SERIAL + word] = word < 3 ? (uint16_t)(('A' + word) << 8 | '1') : 0x2020;
    }
    for (uint32_t sector = 0; sector < DISK_SECTORS; sector++) {
        for (unsigned word = 0; word < SECTOR_WORDS; word++) {
            disk.words[sector][word] = (uint16_t)(sector * 31 + word);
        }
    }
}

void disk_is_old(void)
{
    disk.identity[IDENTIFY_COMMANDS] = IDENTIFY_IS_VALID;
    memset(&disk.identity[IDENTIFY_SECTORS_48], 0xee, 8);
}

void disk_pause(uint32_t us)
{
    disk.now_us += us;
}

static void end_with(uint8_t status, uint8_t error)
{
    disk.status = status;
    disk.error = error;
    disk.left = 0;
    disk.busy = 0;
}

/* The next sector waits to be moved, or is the bad one. */
static void offer(void)
{
    disk.word = 0;
    disk.busy = disk.busy_looks;
    if (disk.sector == disk.bad_sector) {
        end_with((uint8_t)(0x50 | disk.bad_status), disk.bad_error);
    } else if (disk.sector >= DISK_SECTORS) {
        end_with(0x50 | ATA_STATUS_ERROR, ATA_ERROR_NOT_FOUND);
    } else {
        disk.status = 0x58;
        disk.source = disk.words[disk.sector];
    }
}

static void transfer(bool out, bool extended)
{
    disk.extended += extended;
    disk.out = out;
    disk.left = extended ? disk.count[0] | (unsigned)disk.count[1] << 8 : disk.count[0];
    if (disk.left == 0) {
        disk.left = extended ? 65536 : 256;
    }
    disk.sector = disk.lba[0][0] | (uint64_t)disk.lba[1][0] << 8 | (uint64_t)disk.lba[2][0] << 16;
    if (extended) {
        disk.sector |= (uint64_t)disk.lba[0][1] << 24 | (uint64_t)disk.lba[1][1] << 32;
    } else {
        disk.sector |= (uint64_t)(disk.device & 0xf) << 24;
    }
    offer();
}

static void command(uint8_t opcode)
{
    offence((disk.status & (ATA_STATUS_BUSY | ATA_STATUS_REQUEST)) != 0 || (disk.device & 0xf0) != 0xe0);
    disk.commands++;
    disk.last = opcode;
    if (disk.hangs > 0 || (disk.transfers_hang && opcode != ATA_IDENTIFY)) {
        disk.hangs -= disk.hangs > 0;
        disk.status = 0x80;
        return;
    }
    switch (opcode) {
    case ATA_IDENTIFY:
        disk.out = false;
        disk.left = 1;
        disk.word = 0;
        disk.sector = DISK_SECTORS;
        disk.source = disk.identity;
        disk.status = disk.stays_quiet ? 0x50 : 0x58;
        break;
    case ATA_READ:
    case ATA_READ_EXT:
        transfer(false, opcode == ATA_READ_EXT);
        break;
    case ATA_WRITE:
    case ATA_WRITE_EXT:
        transfer(true, opcode == ATA_WRITE_EXT);
        break;
    case ATA_FLUSH:
    case ATA_FLUSH_EXT:
        disk.flushes++;
        disk.extended += opcode == ATA_FLUSH_EXT;
        end_with((uint8_t)(0x50 | disk.bad_status), disk.bad_error);
        break;
    default:
        offence(true);
        end_with(0x51, ATA_ERROR_ABORTED);
    }
}

static void control(uint8_t value)
{
    const bool before = (disk.control & ATA_CONTROL_RESET) != 0, after = (value & ATA_CONTROL_RESET) != 0;
    disk.control = value;
    if (!before && after) {
        disk.reset_us = disk.now_us;
        disk.status = 0x80;
    } else if (before && !after) {
        offence(disk.now_us - disk.reset_us < 5);
        disk.reset_us = disk.now_us;
        disk.resets++;
        end_with(disk.stays_busy ? 0x80 : 0x50, 1);
        disk.lba[1][0] = (uint8_t)disk.signature;
        disk.lba[2][0] = (uint8_t)(disk.signature >> 8);
    }
}

uint8_t ata_in(const struct ata *ata, uint16_t port)
{
    (void)ata;
    if (disk.gone) {
        return UINT8_MAX;
    }
    switch (port) {
    case ATA_ERROR:
        return disk.error;
    case ATA_LBA_MID:
        return disk.lba[1][0];
    case ATA_LBA_HIGH:
        return disk.lba[2][0];
    case ATA_STATUS:
        offence(disk.resets != 0 && disk.now_us - disk.reset_us < 2000);
        if (disk.busy > 0) {
            disk.busy--;
            return ATA_STATUS_BUSY;
        }
        return disk.status;
    case ATA_ALTERNATE:
        return disk.busy > 0 ? ATA_STATUS_BUSY : disk.status;
    default:
        offence(true);
        return 0;
    }
}

static void push(uint8_t values[2], uint8_t value)
{
    values[1] = values[0];
    values[0] = value;
}

void ata_out(const struct ata *ata, uint16_t port, uint8_t value)
{
    (void)ata;
    offence(port != ATA_CONTROL && (disk.status & ATA_STATUS_BUSY) != 0 && !disk.stays_busy);
    switch (port) {
    case ATA_COUNT:
        push(disk.count, value);
        break;
    case ATA_LBA_LOW:
    case ATA_LBA_MID:
    case ATA_LBA_HIGH:
        push(disk.lba[port - ATA_LBA_LOW], value);
        break;
    case ATA_DEVICE:
        disk.device = value;
        break;
    case ATA_COMMAND:
        command(value);
        break;
    case ATA_CONTROL:
        control(value);
        break;
    default:
        offence(true);
    }
}

/* The sector has moved: the next one, or the end. */
static void moved(void)
{
    if (++disk.word < SECTOR_WORDS) {
        return;
    }
    disk.left--;
    disk.sector++;
    if (disk.left > 0) {
        offer();
    } else if (disk.wants_more && disk.last != ATA_IDENTIFY) {
        disk.word = 0;
    } else {
        disk.status = 0x50;
        disk.busy = disk.out ? disk.busy_looks : 0;
    }
}

static bool moving(bool out)
{
    const bool fine = (disk.status & ATA_STATUS_REQUEST) != 0 && disk.busy == 0 && disk.out == out;
    offence(!fine);
    return fine;
}

uint32_t ata_in_data(const struct ata *ata)
{
    uint32_t value = 0;
    (void)ata;
    for (unsigned half = 0; half < 2; half++) {
        const uint32_t word = moving(false) ? disk.source[disk.word] : UINT16_MAX;
        value |= word << 16 * half;
        moved();
    }
    return value;
}

void ata_out_data(const struct ata *ata, uint32_t value)
{
    (void)ata;
    for (unsigned half = 0; half < 2; half++) {
        if (moving(true)) {
            disk.words[disk.sector][disk.word] = (uint16_t)(value >> 16 * half);
            moved();
        }
    }
}
