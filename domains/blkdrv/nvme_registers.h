/* What [NVMe-1.4] lays out: registers, entries of queues, and what identifies a controller and a namespace. */
#ifndef BLKDRV_NVME_REGISTERS_H
#define BLKDRV_NVME_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

/* [NVMe-1.4] 3.1: offsets in BAR 0. */
enum {
    NVME_CAP = 0x00,
    NVME_VS = 0x08,
    NVME_CC = 0x14,
    NVME_CSTS = 0x1c,
    NVME_AQA = 0x24,
    NVME_ASQ = 0x28,
    NVME_ACQ = 0x30,
    NVME_DOORBELLS = 0x1000,
    NVME_BAR_BYTES = 0x2000, /* what this driver maps of it: the table of MSI-X messages lies behind */
};

/* [NVMe-1.4] 3.1.1 CAP. */
static inline uint32_t cap_queue_entries(uint64_t cap)
{
    return (uint32_t)(cap & 0xffff) + 1;
}

static inline uint32_t cap_timeout_ms(uint64_t cap)
{
    return (uint32_t)(cap >> 24 & 0xff) * 500;
}

static inline uint32_t cap_doorbell_stride(uint64_t cap)
{
    return 4u << (cap >> 32 & 0xf);
}

static inline uint32_t cap_page_shift_min(uint64_t cap)
{
    return 12 + (uint32_t)(cap >> 48 & 0xf);
}

enum { CAP_NVM_COMMAND_SET_SHIFT = 37 };

/* [NVMe-1.4] 3.1.5 CC: pages of 4 KiB, NVM command set, round robin; entries of 64 and 16 bytes. */
enum {
    CC_ENABLE = 1,
    CC_SUBMISSION_ENTRY_64 = 6 << 16,
    CC_COMPLETION_ENTRY_16 = 4 << 20,
};

/* [NVMe-1.4] 3.1.6 CSTS. */
enum { CSTS_READY = 1, CSTS_FATAL = 2 };

/* [NVMe-1.4] 5 and 6: opcodes. */
enum nvme_admin {
    ADMIN_CREATE_SUBMISSION = 0x01,
    ADMIN_GET_LOG_PAGE = 0x02,
    ADMIN_CREATE_COMPLETION = 0x05,
    ADMIN_IDENTIFY = 0x06,
    ADMIN_ABORT = 0x08,
    ADMIN_SET_FEATURES = 0x09,
    ADMIN_EVENT = 0x0c,
};

enum nvme_io {
    IO_FLUSH = 0x00,
    IO_WRITE = 0x01,
    IO_READ = 0x02,
    IO_WRITE_ZEROES = 0x08,
    IO_DATASET_MANAGEMENT = 0x09,
};

enum {
    IDENTIFY_NAMESPACE = 0,
    IDENTIFY_CONTROLLER = 1,
    FEATURE_QUEUES = 0x07,
    FEATURE_EVENTS = 0x0b,
    EVENTS_HEALTH = 0x1f, /* [NVMe-1.4] 5.21.1.11: every critical warning */
    DATASET_DEALLOCATE = 1 << 2,
    FORCE_UNIT_ACCESS = 1 << 30, /* [NVMe-1.4] 6.15 */
    QUEUE_CONTIGUOUS = 1,
    QUEUE_INTERRUPTS = 2,
};

/* [NVMe-1.4] 4.2. */
struct nvme_command {
    uint8_t opcode;
    uint8_t flags;
    uint16_t id;
    uint32_t namespace_id;
    uint64_t reserved;
    uint64_t metadata;
    uint64_t prp1;
    uint64_t prp2;
    uint32_t dword10, dword11, dword12, dword13, dword14, dword15;
};
_Static_assert(sizeof(struct nvme_command) == 64, "[NVMe-1.4] figure 104");
_Static_assert(offsetof(struct nvme_command, prp1) == 24, "[NVMe-1.4] figure 104");
_Static_assert(offsetof(struct nvme_command, dword10) == 40, "[NVMe-1.4] figure 104");

/* [NVMe-1.4] 4.6: bit 0 of @status is the phase; above it code (8), type (3), and "do not retry" on top. */
struct nvme_completion {
    uint32_t result;
    uint32_t reserved;
    uint16_t queue_head;
    uint16_t queue;
    uint16_t id;
    uint16_t status;
};
_Static_assert(sizeof(struct nvme_completion) == 16, "[NVMe-1.4] figure 121");
_Static_assert(offsetof(struct nvme_completion, status) == 14, "[NVMe-1.4] figure 122");

/* [NVMe-1.4] 4.6.1: type and code in one number. */
static inline uint32_t status_number(uint16_t status)
{
    return status >> 1 & 0x7ff;
}

enum {
    STATUS_INVALID_OPCODE = 0x001,
    STATUS_ABORTED = 0x007,
    STATUS_WRITE_PROTECTED = 0x020,
    STATUS_BEYOND_END = 0x080,
};

/* [NVMe-1.4] 6.7: one range of dataset management. */
struct nvme_range {
    uint32_t attributes;
    uint32_t blocks;
    uint64_t first;
};

/* [NVMe-1.4] 5.15.2.1 and 5.15.2.2: the bytes that are read of the 4096. */
enum {
    CONTROLLER_SERIAL = 4,
    CONTROLLER_SERIAL_BYTES = 20,
    CONTROLLER_MDTS = 77,
    CONTROLLER_SQES = 512,
    CONTROLLER_CQES = 513,
    CONTROLLER_ONCS = 520,
    NAMESPACE_SIZE = 0,
    NAMESPACE_FORMAT = 26,
    NAMESPACE_PROTECTION = 29,
    NAMESPACE_FORMATS = 128,
};

enum { ONCS_DATASET_MANAGEMENT = 1 << 2, ONCS_WRITE_ZEROES = 1 << 3 };

#endif
