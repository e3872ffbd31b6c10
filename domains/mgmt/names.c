#include "mgmt.h"

#include <string.h>

struct domain *mgmt_domain_by_id(struct mgmt *mgmt, uint64_t id)
{
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        if (mgmt->domains[index].id == id)
            return &mgmt->domains[index];
    return NULL;
}

struct domain *mgmt_domain_by_name(struct mgmt *mgmt, const char *name)
{
    if (name[0] == '\0')
        return NULL;
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        struct domain *const domain = &mgmt->domains[index];
        if (strcmp(domain->name, name) == 0 || strcmp(domain->tenant, name) == 0)
            return domain;
    }
    return NULL;
}

const char *domain_view_name(enum domain_view view)
{
    switch (view) {
    case VIEW_RUNNING:
        return "running";
    case VIEW_PAUSED:
        return "paused";
    case VIEW_STOPPED:
        return "stopped";
    case VIEW_DEAD:
        return "dead";
    case VIEW_PARKED:
        return "parked";
    case VIEW_RESTARTING:
        return "restarting";
    case VIEW_FINISHED:
        return "finished";
    }
    return "?";
}

const char *domain_title(const struct domain *domain)
{
    return domain->tenant[0] != '\0' ? domain->tenant : domain->name;
}
