/* The tenant interface (idl/tenant.idl), served to guests and domains; the caller is its badge. */
#ifndef BULKHEAD_MGMT_TENANT_SERVICE_H
#define BULKHEAD_MGMT_TENANT_SERVICE_H

#include "mgmt.h"

enum { SYSTEM_VERSION_MAJOR = 0, SYSTEM_VERSION_MINOR = 1, LOG_BURST = 32, LOG_PER_SECOND = 8 };

/* Answers the tenant's deferred `events` call, if it waits and there is news. */
void tenant_answer_waiting(struct mgmt *mgmt, struct domain *domain);

#endif
