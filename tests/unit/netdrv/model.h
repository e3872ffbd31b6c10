/* An 82574 in software, as far as netdrv reaches it: registers, rings, frames in and out. What it is told to do wrong stands in
 * `fault`. */
#ifndef TEST_NETDRV_MODEL_H
#define TEST_NETDRV_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "e1000e.h"

enum model_fault {
    MODEL_ABSENT = 1 << 0,        /* every read gives ones */
    MODEL_RESET_HANGS = 1 << 1,   /* the reset bit stays */
    MODEL_BUSY = 1 << 2,          /* requests stay outstanding */
    MODEL_NO_ADDRESS = 1 << 3,    /* no valid address in the EEPROM */
    MODEL_GROUP_ADDRESS = 1 << 4, /* an address that no station has */
    MODEL_STILL = 1 << 5,         /* takes no frame to send */
    MODEL_HEAD_WILD = 1 << 6,     /* a transmit head outside of the ring */
    MODEL_LAZY = 1 << 7           /* sends only when model_run() is called */
};

#define MODEL_MAC UINT64_C(0x563412005452)
#define MODEL_RINGS_IOVA UINT64_C(0x1000000000)
#define MODEL_POOL_IOVA UINT64_C(0x1000200000)
#define MODEL_TENANT_IOVA UINT64_C(0x1000400000)

enum { MODEL_SENT = 2048, MODEL_FRAME = 2048 };

struct model {
    uint32_t registers[0x6000 / 4];
    unsigned faults;
    struct e1000e_rings rings;
    uint8_t pool[NET_LIMITS_POOL_BYTES];
    uint8_t tenant[NET_LIMITS_POOL_BYTES];
    bool link;
    unsigned interrupts; /* messages sent */
    unsigned doorbells;  /* writes of TDT */
    unsigned resets;
    unsigned dma_while_stopped;
    uint64_t waited_ns;
    uint32_t sent_count;
    uint32_t sent_bytes[MODEL_SENT];
    uint8_t sent[MODEL_SENT][MODEL_FRAME];
};

extern struct model model;

void model_reset(void);

/* Lets it work on what it was given. */
void model_run(void);

/* A frame arrives, in one descriptor with @status and @errors; false: no room, or reception is off. */
bool model_arrive(const void *frame, uint16_t len, uint8_t status, uint8_t errors);

void model_link(bool up);

#endif
