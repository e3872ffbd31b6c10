/* Starting, stopping and ending of domains: asks builder, tells tenants, the link and the log. */
#ifndef BULKHEAD_MGMT_LIFECYCLE_H
#define BULKHEAD_MGMT_LIFECYCLE_H

#include "guest_end.h"
#include "mgmt.h"

/* What an operator asks for. NULL: done, otherwise why not. */
const char *lifecycle_kill(struct mgmt *mgmt, struct domain *domain);
const char *lifecycle_restart(struct mgmt *mgmt, struct domain *domain);
const char *lifecycle_pause(struct mgmt *mgmt, struct domain *domain);
const char *lifecycle_resume(struct mgmt *mgmt, struct domain *domain);

/* What happened by itself. */
void lifecycle_faulted(struct mgmt *mgmt, struct domain *domain, const char *what);
void lifecycle_guest_ended(struct mgmt *mgmt, struct domain *domain, const struct guest_end *end);

/* Records an event of the tenant and answers its waiting call, if there is one. */
void lifecycle_tell_tenant(struct mgmt *mgmt, struct domain *domain, uint32_t kind);

#endif
