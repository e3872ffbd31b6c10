/* What [ATA-6] lays out: registers of a channel, commands, and what identifies a device. */
#ifndef BLKDRV_ATA_REGISTERS_H
#define BLKDRV_ATA_REGISTERS_H

/* [ATA-6] 7, at the ports of a PC's first channel: the command block, and the control block's one register. */
enum {
    ATA_DATA = 0x1f0,
    ATA_ERROR = 0x1f1,
    ATA_COUNT = 0x1f2,
    ATA_LBA_LOW = 0x1f3,
    ATA_LBA_MID = 0x1f4,
    ATA_LBA_HIGH = 0x1f5,
    ATA_DEVICE = 0x1f6,
    ATA_STATUS = 0x1f7,  /* reading it takes the interrupt back */
    ATA_COMMAND = 0x1f7, /* writing */
    ATA_ALTERNATE = 0x3f6,
    ATA_CONTROL = 0x3f6, /* writing */
};

/* [ATA-6] 7: bits of Status, Error, Device Control and Device. */
enum {
    ATA_STATUS_ERROR = 0x01,
    ATA_STATUS_REQUEST = 0x08, /* the device wants to give or take data */
    ATA_STATUS_FAULT = 0x20,
    ATA_STATUS_BUSY = 0x80,
    ATA_STATUS_NOBODY = 0xff, /* lines that nobody drives */
    ATA_ERROR_ABORTED = 0x04,
    ATA_ERROR_NOT_FOUND = 0x10,
    ATA_CONTROL_RESET = 0x04,
    ATA_DEVICE_LBA = 0xe0, /* with the bits that once had to be set; device 0 */
};

/* [ATA-6] 8. */
enum {
    ATA_READ = 0x20,
    ATA_READ_EXT = 0x24,
    ATA_WRITE = 0x30,
    ATA_WRITE_EXT = 0x34,
    ATA_FLUSH = 0xe7,
    ATA_FLUSH_EXT = 0xea,
    ATA_IDENTIFY = 0xec,
};

/* [ATA-6] 8.15: words of what identifies a device. */
enum {
    IDENTIFY_WORDS = 256,
    IDENTIFY_GENERAL = 0, /* bit 15: not an ATA device */
    IDENTIFY_SERIAL = 10,
    IDENTIFY_SERIAL_WORDS = 10,
    IDENTIFY_CAPABILITIES = 49,
    IDENTIFY_HAS_LBA = 1 << 9,
    IDENTIFY_SECTORS = 60,  /* two words */
    IDENTIFY_COMMANDS = 83, /* valid if bits 15-14 are 01 */
    IDENTIFY_VALID = 0xc000,
    IDENTIFY_IS_VALID = 0x4000,
    IDENTIFY_HAS_LBA48 = 1 << 10,
    IDENTIFY_HAS_FLUSH = 1 << 12,
    IDENTIFY_HAS_FLUSH_EXT = 1 << 13,
    IDENTIFY_SECTORS_48 = 100, /* four words */
    IDENTIFY_SECTOR_SIZE = 106,
    IDENTIFY_LONG_SECTORS = 1 << 12,
};

/* [ATA-6] 9.2: the reset is held for 5 us, and looked at after 2 ms; a device may take 31 s. 9.12: what an ATA device leaves
 * in its registers, as opposed to a packet device. 9.4 and on: a status is good 400 ns after a command. */
enum {
    ATA_RESET_HOLD_US = 5,
    ATA_RESET_WAIT_US = 2000,
    ATA_RESET_LIMIT_MS = 31000,
    ATA_SETTLE_READS = 4, /* of the alternate status, 100 ns each */
};

#endif
