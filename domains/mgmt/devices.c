#include "devices.h"

#include <string.h>

#include "fields.h"

enum { FIELDS = 3, INDEX_MAX = 15 };

static struct domain *domain_called(struct mgmt *mgmt, struct field field)
{
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        struct domain *const domain = &mgmt->domains[index];
        if (strlen(domain->name) == field.count && memcmp(domain->name, field.bytes, field.count) == 0)
            return domain;
    }
    return NULL;
}

static bool is_dash(struct field field)
{
    return field.count == 1 && field.bytes[0] == '-';
}

static bool devices_parse_line(struct mgmt *mgmt, const char *line, size_t count, struct device *device)
{
    struct field fields[FIELDS];
    if (!fields_split(line, count, fields, FIELDS))
        return false;
    memset(device, 0, sizeof(*device));
    device->driver = domain_called(mgmt, fields[0]);
    device->virtualiser = is_dash(fields[1]) ? NULL : domain_called(mgmt, fields[1]);
    device->on_pci = !is_dash(fields[2]);
    if (device->on_pci && !field_number(fields[2], INDEX_MAX, &device->index))
        return false;
    return device->driver != NULL && (device->virtualiser != NULL || is_dash(fields[1])) &&
           device_of_driver(mgmt, device->driver) == NULL;
}

bool devices_parse(struct mgmt *mgmt, const char *text, size_t bytes, uint32_t *bad_line)
{
    size_t start = 0;
    mgmt->device_count = 0;
    *bad_line = 0;
    while (start < bytes) {
        size_t end = start;
        while (end < bytes && text[end] != '\n')
            end++;
        ++*bad_line;
        if (mgmt->device_count == DEVICES_MAX ||
            !devices_parse_line(mgmt, text + start, end - start, &mgmt->devices[mgmt->device_count]))
            return false;
        mgmt->device_count++;
        start = end + 1;
    }
    return true;
}

struct device *device_of_driver(struct mgmt *mgmt, const struct domain *domain)
{
    for (uint32_t index = 0; index < mgmt->device_count; index++)
        if (mgmt->devices[index].driver == domain)
            return &mgmt->devices[index];
    return NULL;
}

bool device_has_part(const struct mgmt *mgmt, const struct domain *domain)
{
    for (uint32_t index = 0; index < mgmt->device_count; index++)
        if (mgmt->devices[index].driver == domain || mgmt->devices[index].virtualiser == domain)
            return true;
    return false;
}

const char *stage_name(enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_SERVING] = "serving", [STAGE_STOP] = "stop",       [STAGE_QUIESCE] = "quiesce",
        [STAGE_RESET] = "reset",     [STAGE_BACKOFF] = "backoff", [STAGE_RESTORE] = "restore",
        [STAGE_REBUILD] = "rebuild", [STAGE_REPLAY] = "replay",   [STAGE_DOWN] = "down",
    };
    return names[stage];
}
