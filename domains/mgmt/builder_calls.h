/* What mgmt asks of builder. The unit tests have their own version. */
#ifndef BULKHEAD_MGMT_BUILDER_CALLS_H
#define BULKHEAD_MGMT_BUILDER_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "mgmt.h"

enum builder_verb { ASK_START, ASK_STOP, ASK_RESTART, ASK_DESTROY };

struct domain_status {
    bool known;    /* builder answered */
    uint8_t state; /* enum domain_state */
    uint32_t capabilities;
    uint64_t memory_kib;
    uint32_t restarts;
    uint32_t threads;
};

/* NULL: done. Otherwise why not, as text. */
const char *builder_ask(struct mgmt *mgmt, enum builder_verb verb, uint32_t id);
/* Does it answer, now? */
bool builder_beats(struct mgmt *mgmt);
/* @patient: builder may still be at work on the boot, wait as long as it takes. Unknown at once while it is
 * taken for dead. */
struct domain_status builder_status(struct mgmt *mgmt, uint32_t id, bool patient);

#endif
