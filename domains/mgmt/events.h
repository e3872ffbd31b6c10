/* What happened to a tenant, numbered from 1, the last few kept. */
#ifndef BULKHEAD_MGMT_EVENTS_H
#define BULKHEAD_MGMT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

enum { EVENTS_KEPT = 16 };

struct events {
    uint64_t sequence;           /* of the last event, 0 = none yet */
    uint32_t kinds[EVENTS_KEPT]; /* enum lifecycle, by sequence % EVENTS_KEPT */
};

void events_add(struct events *events, uint32_t kind);
/* The oldest kept event after @seen. False: there is none, or @seen is in the future. */
bool events_after(const struct events *events, uint64_t seen, uint64_t *sequence, uint32_t *kind);

#endif
