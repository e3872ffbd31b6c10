/* An NVMe controller with one queue pair for administration and one for requests, in memory of this domain. */
#ifndef BLKDRV_NVME_H
#define BLKDRV_NVME_H

#include "drive.h"
#include "nvme_registers.h"

enum {
    NVME_PAGE_BYTES = 4096,
    NVME_ADMIN_ENTRIES = 16,
    NVME_IO_ENTRIES = 256,
    NVME_COMMANDS = NVME_IO_ENTRIES - 1, /* a submission queue holds one less than its entries */
    NVME_LIST_BYTES = 128,               /* of a command's page list: 15 entries, or one range */
    NVME_DMA_BYTES = 0x10000,
    NVME_MAX_SECTORS = BLOCK_LIMITS_SLOT_BYTES / BLOCK_LIMITS_SECTOR_BYTES,
};

/* The layout of `dma`; the device sees the same offsets from nvme.iova on. */
struct nvme_memory {
    struct nvme_command io_submission[NVME_IO_ENTRIES];
    struct nvme_completion io_completion[NVME_IO_ENTRIES];
    struct nvme_command admin_submission[NVME_PAGE_BYTES / sizeof(struct nvme_command)];
    struct nvme_completion admin_completion[NVME_PAGE_BYTES / sizeof(struct nvme_completion)];
    uint8_t page[NVME_PAGE_BYTES]; /* what was identified or logged */
    uint8_t list[NVME_IO_ENTRIES][NVME_LIST_BYTES];
};
_Static_assert(sizeof(struct nvme_memory) <= NVME_DMA_BYTES, "fits");
_Static_assert(offsetof(struct nvme_memory, io_completion) % NVME_PAGE_BYTES == 0,
               "[NVMe-1.4] 5.3: page aligned");
_Static_assert(offsetof(struct nvme_memory, admin_submission) % NVME_PAGE_BYTES == 0, "[NVMe-1.4] 3.1.9");
_Static_assert(offsetof(struct nvme_memory, admin_completion) % NVME_PAGE_BYTES == 0, "[NVMe-1.4] 3.1.10");
_Static_assert(offsetof(struct nvme_memory, page) % NVME_PAGE_BYTES == 0, "one PRP entry names it");

/* A pair of rings. The private counters are the truth. */
struct nvme_queue {
    volatile struct nvme_command *submission;
    volatile struct nvme_completion *completion;
    uint32_t doorbell; /* offset of the submission tail's; the completion head's follows after a stride */
    uint16_t number;
    uint16_t entries;
    uint16_t tail, tail_shown;
    uint16_t head_seen; /* the submission head as the device last reported it */
    uint16_t completion_head, completion_shown;
    uint16_t phase;
};

/* A request at the device. */
struct nvme_slot {
    bool busy;
    bool aborting;
    uint8_t attempts;
    uint16_t next;  /* free list */
    uint32_t chunk; /* sectors that the present command covers */
    uint64_t order; /* of arrival: requests are sent again in it */
    uint64_t deadline;
    struct block_request request; /* what is left of it */
};

struct nvme {
    struct drive drive;
    uint8_t *bar; /* NVME_BAR_BYTES; only through mmio.h */
    struct nvme_memory *memory;
    uint64_t iova; /* of @memory */
    uint32_t doorbell_stride;
    uint32_t block_shift; /* log2 of the block's bytes */
    struct nvme_queue admin, io;
    uint16_t depth; /* requests at once */
    uint16_t free, busy;
    bool aborting; /* an abort has no answer yet */
    bool asking;   /* the device may report an event */
    bool logging;  /* a log page is on its way: @log_page */
    uint8_t log_page;
    bool event_waits; /* its log page is to be read: @event_page */
    uint8_t event_page;
    uint64_t health_at; /* when the health of a disk that warns is read again */
    uint32_t events;    /* since the start */
    uint32_t resets;    /* since anything was done */
    uint64_t order;
    uint64_t command_ticks; /* how long a command may take */
    uint64_t check;         /* when time-outs are looked for; DEADLINE_NEVER: nothing is busy */
    uint64_t now;           /* of the last poll */
    uint32_t complaints;    /* errors logged since the start */
    const char *wrong;      /* why the device is not believed any more; NULL: it is */
    struct nvme_slot slot[NVME_COMMANDS];
};

/* @bar and @memory are mapped, @memory zeroed and of NVME_DMA_BYTES at @iova for the device. */
void nvme_init(struct nvme *nvme, void *bar, void *memory, uint64_t iova, uint64_t tsc_khz);

/* ------------------------------------------------------------------ nvme_queue.c */

void nvme_queue_init(struct nvme *nvme, struct nvme_queue *queue, uint16_t number, uint16_t entries);
/* The place for the next command, of zeros: what no command here uses was cleared once, by nvme_queue_init. The caller knows
 * that there is room. */
volatile struct nvme_command *nvme_queue_next(struct nvme_queue *queue, uint8_t opcode, uint16_t id);
void nvme_queue_publish(struct nvme *nvme, struct nvme_queue *queue);
/* Copies the next completion out and checks what belongs to the queue. False: there is none, or it cannot be (nvme.wrong). */
bool nvme_queue_take(struct nvme *nvme, struct nvme_queue *queue, struct nvme_completion *completion);
/* Gives the places of what was taken back to the device. */
void nvme_queue_release(struct nvme *nvme, struct nvme_queue *queue);

/* ------------------------------------------------------------------ nvme_admin.c */

/* Runs one command while nothing else is under way. */
bool nvme_admin_command(struct nvme *nvme, const struct nvme_command *command, uint32_t *result);
/* Identifies controller and namespace 1, and says whether they can be used. */
bool nvme_identify(struct nvme *nvme, struct block_geometry *geometry);
/* Asks for events of health, if the device has them. */
void nvme_enable_events(struct nvme *nvme);
/* Commands that are answered whenever the device likes. What health says goes to drive.health; then events are asked for. */
void nvme_read_health(struct nvme *nvme);
void nvme_ask_events(struct nvme *nvme);
void nvme_abort(struct nvme *nvme, uint16_t slot);
void nvme_admin_poll(struct nvme *nvme);

/* ------------------------------------------------------------------ nvme_io.c */

extern const struct drive_ops nvme_ops;
bool nvme_start(struct nvme *nvme, struct block_geometry *geometry);
/* Health was read: a disk that warns is asked again, for no event tells that it no longer does. */
void nvme_watch_health(struct nvme *nvme);

#endif
