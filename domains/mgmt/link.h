/* The machine link on COM2: frames of CBOR in both directions, idl/mgmt.idl. */
#ifndef BULKHEAD_MGMT_LINK_H
#define BULKHEAD_MGMT_LINK_H

#include "builder_calls.h"
#include "guest_end.h"
#include "mgmt.h"

void link_boot_event(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX]);
void link_ready_event(struct mgmt *mgmt);
void link_domain_event(struct mgmt *mgmt, const struct domain *domain, const char *state, const char *reason);
void link_guest_event(struct mgmt *mgmt, const struct domain *domain, const struct guest_end *end);
/* A driver serves again: why it did not, and what each stage took. */
void link_recovery_event(struct mgmt *mgmt, const struct device *device);
/* A device reported something: @what in words. */
void link_device_event(struct mgmt *mgmt, const struct device *device, const char *what);
void link_tenant_log(struct mgmt *mgmt, const struct domain *domain, const char *bytes, size_t count);

/* Takes what has arrived on COM2. True: half a frame lies there, look again soon. */
bool link_input(struct mgmt *mgmt);

#endif
