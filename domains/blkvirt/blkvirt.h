/* blkvirt: divides one disk among tenants. It sees requests, never their data. One thread, one instance. */
#ifndef BLKVIRT_BLKVIRT_H
#define BLKVIRT_BLKVIRT_H

#include <stdbool.h>
#include <stdint.h>

#include <blockring.h>
#include <bulkhead/service.h>

#include "table.h"

struct bell {
    uint32_t slot; /* 0: nobody to wake */
    uint32_t bits;
};

enum { TENANT_READ_ONLY = 1 }; /* flags of the resource block-info-T */

struct tenant {
    struct block_server server;
    struct bell bell;
    uint8_t name[24]; /* zero padded */
    uint64_t first;   /* the window on the device, in sectors */
    uint64_t sectors;
    uint64_t pool; /* the device's address of its pool */
    bool read_only;
    enum channel_state shown; /* ready: takes requests; parked: answers them with errors */
    uint64_t refused;         /* requests that were not sent: the tenant's own mistake */
};

struct device {
    struct block_client client;
    struct bell bell;
    bool ready;
    bool known;          /* @geometry holds what the device said first; it may not change */
    bool lying;          /* nothing more is believed in this epoch */
    bool failed;         /* it says so itself */
    uint64_t sign;       /* grows with everything that shows progress */
    uint32_t barren;     /* epochs in which nothing that was in flight was done, since something was */
    uint32_t sent_epoch; /* the epoch in which what is in flight was sent */
    struct block_geometry geometry;
};

/* Counts ticks and not time, so that a stall of the whole machine counts once. */
struct watch {
    uint64_t tick;   /* deadline of the next one, DEADLINE_NEVER: nothing to watch */
    uint64_t seen;   /* device.sign at the last one */
    uint32_t ping;   /* the last question */
    uint32_t missed; /* ticks without its answer */
    uint32_t stuck;  /* ticks without anything done */
    bool silent;
};

struct blkvirt {
    uint64_t tsc_khz;
    uint32_t endpoint_slot, bell_slot;
    bool called; /* management is about to call */
    struct bell attention;
    struct device device;
    struct watch watch;
    struct table table;
    struct tenant tenant[TENANTS_MAX];
    uint32_t tenants;
    uint32_t quota; /* entries of the table that one tenant may hold */
    uint32_t turn;  /* the tenant that is asked first in the next round */
    bool parked;
    enum service_verdict told; /* what the last signal to management was about */
    uint64_t replayed, completed;
    uint32_t corruptions;
};

/* For the conversion %.*s. */
static inline int name_length(const uint8_t name[24])
{
    int length = 0;
    while (length < 24 && name[length] != 0) {
        length++;
    }
    return length;
}

/* The way out of this program; tests have their own (kernel_calls.c). */
void bell_ring(const struct bell *bell);

#endif
