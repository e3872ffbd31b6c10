/* An NVMe controller in software, behind faked registers. It does what the standard says, unless a test asks for
 * something else. It checks what a real one would not forgive: a queue used before it exists, an address outside the
 * memory that it may reach. Such an offence is counted in `offences`. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "nvme.h"

enum {
    MODEL_SECTORS = 1 << 18,
    MODEL_KEPT = 2048, /* the first sectors have contents */
    MODEL_POOL_IOVA = 0x40000000,
    MODEL_POOL_BYTES = 1 << 20,
    MODEL_MEMORY_IOVA = 0x10000000,
    MODEL_LOG = 1024,
};

struct model_seen {
    uint8_t opcode;
    uint16_t id;
    uint64_t block;
    uint32_t blocks;
};

struct model {
    /* what it is */
    uint64_t cap;
    uint8_t controller[4096], name_space[4096];
    uint8_t health[512]; /* the log page of SMART */
    uint32_t block_shift;
    uint32_t ready_after; /* pauses until CSTS.RDY follows CC.EN */
    bool never_ready, never_idle;
    /* what tests ask for */
    bool hold;           /* commands of the I/O queue stay unanswered until model_finish */
    uint16_t status;     /* answer the next I/O command with it */
    uint16_t admin_fail; /* the opcode + 1 that is answered with an error */
    bool deaf_admin;     /* administration is not answered */
    bool refuse_abort;   /* an abort is answered and does nothing */
    bool deaf_logs;      /* log pages are not answered */
    /* registers */
    uint32_t cc, csts, aqa;
    uint64_t asq, acq;
    uint32_t pauses;
    /* queues */
    struct {
        bool there;
        uint64_t submission, completion;
        uint32_t entries, head, tail, completion_tail, completion_head, phase;
    } queue[2];
    uint32_t events;         /* asked for */
    uint16_t events_pending; /* identifiers of event requests held, + 1 */
    struct nvme_command held[NVME_IO_ENTRIES];
    uint32_t held_count;
    struct model_seen seen[MODEL_LOG]; /* I/O commands in the order of their arrival */
    uint32_t seen_count;
    uint32_t resets, doorbells, offences, aborts, logs;
    uint8_t disk[MODEL_KEPT * 512];
    uint8_t pool[MODEL_POOL_BYTES];
};

extern struct model model;
extern uint8_t model_bar[NVME_BAR_BYTES];
extern struct nvme_memory *model_memory;

void model_reset(uint32_t block_shift);
void model_pause(void);
/* Carries out and answers the held command at @position. */
void model_finish(uint32_t position);
/* Posts a completion as it stands, with the right phase. */
void model_post(uint32_t queue, struct nvme_completion completion);
void model_event(uint32_t result);

#endif
