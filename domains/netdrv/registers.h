/* The 82574's registers as far as netdrv uses them, and the two ways to reach one.
 * Source: [I82574] 10.2, tables of registers; section numbers stand beside each group. */
#ifndef NETDRV_REGISTERS_H
#define NETDRV_REGISTERS_H

#include <stdint.h>

enum e1000e_register {
    /* 10.2.2: general */
    E1000E_CTRL = 0x00000,
    E1000E_STATUS = 0x00008,
    E1000E_CTRL_EXT = 0x00018,
    /* 10.2.4: interrupts */
    E1000E_ICR = 0x000c0,
    E1000E_EITR0 = 0x000e8,
    E1000E_IMS = 0x000d0,
    E1000E_IMC = 0x000d8,
    E1000E_EIAC = 0x000dc,
    E1000E_IVAR = 0x000e4,
    /* 10.2.5: reception */
    E1000E_RCTL = 0x00100,
    E1000E_RDBAL = 0x02800,
    E1000E_RDBAH = 0x02804,
    E1000E_RDLEN = 0x02808,
    E1000E_RDH = 0x02810,
    E1000E_RDT = 0x02818,
    E1000E_RDTR = 0x02820,
    E1000E_RADV = 0x0282c,
    E1000E_RSRPD = 0x02c00,
    E1000E_RXCSUM = 0x05000,
    E1000E_RFCTL = 0x05008,
    E1000E_MTA = 0x05200,
    E1000E_RAL0 = 0x05400,
    E1000E_RAH0 = 0x05404,
    /* 10.2.6: transmission */
    E1000E_TCTL = 0x00400,
    E1000E_TDBAL = 0x03800,
    E1000E_TDBAH = 0x03804,
    E1000E_TDLEN = 0x03808,
    E1000E_TDH = 0x03810,
    E1000E_TDT = 0x03818,
    E1000E_TIDV = 0x03820,
    E1000E_TARC0 = 0x03840,
    /* 10.2.7: statistics, cleared when read */
    E1000E_CRCERRS = 0x04000,
    E1000E_RXERRC = 0x0400c,
    E1000E_MPC = 0x04010,
    E1000E_GPRC = 0x04074,
    E1000E_GPTC = 0x04080,
    E1000E_RNBC = 0x040a0
};

/* Bytes of the BAR that netdrv touches. */
#define E1000E_BAR_BYTES 0x6000u

#define E1000E_BIT(n) (UINT32_C(1) << (n))

enum e1000e_ctrl {
    CTRL_FULL_DUPLEX = 1 << 0,
    CTRL_MASTER_DISABLE = 1 << 2, /* GIO master disable */
    CTRL_SPEED_DETECT = 1 << 5,   /* ASDE */
    CTRL_SET_LINK_UP = 1 << 6,
    CTRL_RESET = 1 << 26
};

enum e1000e_status {
    STATUS_LINK_UP = 1 << 1,
    STATUS_SPEED_SHIFT = 6,
    STATUS_SPEED_MASK = 3,
    STATUS_MASTER_ENABLE = 1 << 19
};

/* ICR, IMS, IMC, EIAC. Under MSI-X a queue has a cause of its own and everything else shares `other`. */
enum e1000e_cause {
    CAUSE_LINK_CHANGE = 1 << 2,
    CAUSE_OVERRUN = 1 << 6,
    CAUSE_MDIO_ACCESS = 1 << 9,
    CAUSE_SMALL_PACKET = 1 << 16,
    CAUSE_ACK = 1 << 17,
    CAUSE_MANAGEMENT = 1 << 18,
    CAUSE_RECEIVE_0 = 1 << 20,
    CAUSE_TRANSMIT_0 = 1 << 22,
    CAUSE_OTHER = 1 << 24
};

/* IVAR: four bits a cause, bit 3 = valid, bits 0-2 = vector: receive 0, receive 1, transmit 0, transmit 1, other. All of ours
 * go to vector 0, the only one that is programmed. */
enum e1000e_ivar { IVAR_RECEIVE_0 = 8 << 0, IVAR_TRANSMIT_0 = 8 << 8, IVAR_OTHER = 8 << 16 };

enum e1000e_rctl {
    RCTL_ENABLE = 1 << 1,
    RCTL_UNICAST_ALL = 1 << 3,
    RCTL_MULTICAST_ALL = 1 << 4,
    RCTL_BROADCAST = 1 << 15,
    RCTL_STRIP_CRC = 1 << 26 /* the buffer size, 2048 bytes, is the zero of its field */
};

/* 10.2.5, RXCSUM: IP's own, and that of UDP or TCP. */
enum e1000e_rxcsum { RXCSUM_IP = 1 << 8, RXCSUM_TRANSPORT = 1 << 9 };

enum e1000e_rfctl { RFCTL_NO_ACK_CAUSE = 1 << 12 };

enum e1000e_tctl {
    TCTL_ENABLE = 1 << 1,
    TCTL_PAD_SHORT = 1 << 3,
    TCTL_COLLISIONS = 0x0f << 4, /* 10.2.6: recommended for full duplex, as the distance */
    TCTL_DISTANCE = 0x3f << 12,
    TCTL_MULTIPLE = 1 << 28
};

enum e1000e_tarc { TARC_ENABLE = 1 << 10 };

#define RAH_VALID (UINT32_C(1) << 31)

/* [I82574] 7.2.10: legacy transmit descriptor. */
struct e1000e_transmit_descriptor {
    uint64_t address;
    uint16_t length;
    uint8_t checksum_offset;
    uint8_t command;
    uint8_t status;
    uint8_t checksum_start;
    uint16_t special;
};
enum { TRANSMIT_END = 1 << 0, TRANSMIT_CRC = 1 << 1, TRANSMIT_REPORT = 1 << 3 };
enum { TRANSMIT_DONE = 1 << 0 };

/* [I82574] 7.1.4: legacy receive descriptor. */
struct e1000e_receive_descriptor {
    uint64_t address;
    uint16_t length;
    uint16_t checksum;
    uint8_t status;
    uint8_t errors;
    uint16_t special;
};
enum {
    RECEIVE_DONE = 1 << 0,
    RECEIVE_END = 1 << 1,
    RECEIVE_IGNORE_CHECKSUM = 1 << 2,
    RECEIVE_UDP = 1 << 4,
    RECEIVE_TCP = 1 << 5
};
/* The checksums of TCP or UDP, and of IP. */
enum { RECEIVE_CHECKSUM_ERRORS = 1 << 5 | 1 << 6 };
/* CRC or alignment, symbol, sequence, carrier extension, receive data. */
enum { RECEIVE_ERRORS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 7 };

_Static_assert(sizeof(struct e1000e_transmit_descriptor) == 16, "the device's layout");
_Static_assert(sizeof(struct e1000e_receive_descriptor) == 16, "the device's layout");
_Static_assert(__builtin_offsetof(struct e1000e_transmit_descriptor, status) == 12, "the device's layout");
_Static_assert(__builtin_offsetof(struct e1000e_receive_descriptor, status) == 12, "the device's layout");

struct e1000e;

/* Uncached: in program order with each other and after every earlier store to memory (domains/lib/mmio.h). */
uint32_t e1000e_read(const struct e1000e *device, enum e1000e_register which);
void e1000e_write(const struct e1000e *device, enum e1000e_register which, uint32_t value);

/* Waits at least @ns; the bell may ring meanwhile and is not heard. */
void e1000e_wait(const struct e1000e *device, uint64_t ns);

#endif
