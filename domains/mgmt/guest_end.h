/* The status word that a VMM shows on its console channel: docs/operator.md. It comes from outside: any value. */
#ifndef BULKHEAD_MGMT_GUEST_END_H
#define BULKHEAD_MGMT_GUEST_END_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

struct guest_end {
    enum ending ending; /* ENDING_POWEROFF, _RESET, _DEBUG_EXIT or _GUEST_DIED */
    uint32_t value;     /* bits 32-63 of the word */
    const char *state;  /* as in the event of the machine link */
    const char *reason;
};

/* False: the guest runs. An undocumented state counts as died. */
bool guest_end_decode(uint64_t status, struct guest_end *end);

#endif
