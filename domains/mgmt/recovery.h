/* Restarting a driver with its device: a stage after the other, timed, never waiting (docs/operator.md, "When a driver
 * ends"). Builder and the core enforce, mgmt says when. */
#ifndef BULKHEAD_MGMT_RECOVERY_H
#define BULKHEAD_MGMT_RECOVERY_H

#include "mgmt.h"

/* The driver of @device ended, or is to: by its policy it is restarted, left dead, or parked with its device.
 * NULL: begun, otherwise why not. */
const char *recovery_begin(struct mgmt *mgmt, struct device *device, enum ending ending, const char *why);
/* The operator wants it to run: whatever happened before is forgiven, a parked device is taken back. */
const char *recovery_restart(struct mgmt *mgmt, struct device *device);
/* @domain has been built again: a new virtualiser knows nothing of what the old one was told. */
void recovery_rebuilt(struct mgmt *mgmt, const struct domain *domain);
/* After the start of mgmt itself: drivers that its predecessor left on the way. */
void recovery_take_over(struct mgmt *mgmt, struct device *device, bool running);

/* A virtualiser rang. */
void recovery_attention(struct mgmt *mgmt);
/* An iospace recorded a fault. */
void recovery_faults(struct mgmt *mgmt);
/* Goes on with what is due; the time of the next, UINT64_MAX if nothing is. */
uint64_t recovery_work(struct mgmt *mgmt);

#endif
