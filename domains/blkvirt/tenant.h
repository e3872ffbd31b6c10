/* A tenant's channel: hostile input, checked against what the description gave the tenant. */
#ifndef BLKVIRT_TENANT_H
#define BLKVIRT_TENANT_H

#include "blkvirt.h"

/* A new epoch, and the state that the tenant should see. */
void tenant_settle(struct blkvirt *blkvirt, struct tenant *tenant);

/* The same; costs little where a tenant is served and stays so. */
static inline void tenant_follow(struct blkvirt *blkvirt, struct tenant *tenant)
{
    if (tenant->shown != CHANNEL_STATE_READY || blkvirt->parked || !block_server_current(&tenant->server)) {
        tenant_settle(blkvirt, tenant);
    }
}

/* Takes at most one request. False: there is none, or no place for it. */
bool tenant_take(struct blkvirt *blkvirt, struct tenant *tenant);

/* Shows what was answered, with a signal if the tenant wants one. */
void tenant_publish(struct tenant *tenant);

/* Asks for a signal at the next request that could be taken. False: there is one already. */
bool tenant_sleep(struct blkvirt *blkvirt, struct tenant *tenant);

/* Answers everything with errors: the device is parked. */
void tenant_fail(struct blkvirt *blkvirt, struct tenant *tenant);

#endif
