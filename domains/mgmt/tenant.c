#include "tenant.h"

#include <clock.h>
#include <stubs.h>

#include "events.h"
#include "link.h"
#include "logs.h"
#include "serve.h"

static struct domain *caller_of(struct mgmt *mgmt, uint64_t badge)
{
    return mgmt_domain_by_id(mgmt, badge);
}

static enum error serve_version(void *context, uint64_t badge, struct tenant_version_out *out)
{
    (void)context;
    (void)badge;
    *out = (struct tenant_version_out){SYSTEM_VERSION_MAJOR, SYSTEM_VERSION_MINOR, TENANT_INTERFACE_VERSION};
    return OK;
}

static enum error serve_log_write(void *context, uint64_t badge, const struct tenant_log_write_in *in)
{
    struct mgmt *const mgmt = context;
    struct domain *const domain = caller_of(mgmt, badge);
    if (domain == NULL)
        return ERR_DENIED;
    if (!bucket_take(&domain->bucket, mgmt_now_ns(mgmt)))
        return ERR_LIMIT;
    logs_put_line(mgmt, domain, (const char *)in->text, in->length);
    link_tenant_log(mgmt, domain, (const char *)in->text, in->length);
    return OK;
}

static enum error serve_clock(void *context, uint64_t badge, struct tenant_clock_out *out)
{
    const struct mgmt *const mgmt = context;
    (void)badge;
    *out = (struct tenant_clock_out){.uptime_ns = mgmt_now_ns(mgmt), .tsc_khz = mgmt->info->tsc_khz};
    return OK;
}

/* One wait a tenant: the older call is ended, or was canceled by the kernel long ago. */
static void end_older_wait(struct mgmt *mgmt, struct domain *domain)
{
    struct message message = {0};
    if (!domain->waiting)
        return;
    domain->waiting = false;
    message_status(&message, ERR_CANCELED);
    (void)!endpoint_resume(mgmt->endpoint_slot, domain->waiting_token, &message);
}

static enum error serve_events(void *context, uint64_t badge, const struct tenant_events_in *in,
                               struct tenant_events_out *out)
{
    struct mgmt *const mgmt = context;
    struct domain *const domain = caller_of(mgmt, badge);
    uint32_t kind;
    if (domain == NULL)
        return ERR_DENIED;
    end_older_wait(mgmt, domain);
    if (events_after(&domain->events, in->seen, &out->sequence, &kind)) {
        out->kind = (enum lifecycle)kind;
        return OK;
    }
    if (endpoint_defer(mgmt->endpoint_slot, &domain->waiting_token) != OK)
        return ERR_LIMIT;
    domain->waiting = true;
    domain->waiting_seen = in->seen;
    return DEFER;
}

void tenant_answer_waiting(struct mgmt *mgmt, struct domain *domain)
{
    struct message message = {0};
    struct tenant_events_out out;
    uint32_t kind;
    if (!domain->waiting || !events_after(&domain->events, domain->waiting_seen, &out.sequence, &kind))
        return;
    domain->waiting = false;
    out.kind = (enum lifecycle)kind;
    tenant_events_reply(&message, &out);
    (void)!endpoint_resume(mgmt->endpoint_slot, domain->waiting_token, &message);
}

const struct tenant_server_ops tenant_ops = {
    .version = serve_version,
    .log_write = serve_log_write,
    .clock = serve_clock,
    .events = serve_events,
};
