#include "resource.h"

#include <stdbool.h>
#include <stddef.h>

#include "checked.h"
#include "panic.h"

#define MAX_RESOURCES (sizeof(((struct domain_info *)0)->resource) / sizeof(struct resource))

/* @stored is padded with zeros and need not be terminated. */
static bool name_equal(const uint8_t stored[24], const char *name)
{
    for (size_t i = 0; i < 24; i++) {
        if (stored[i] != (uint8_t)name[i]) {
            return false;
        }
        if (name[i] == 0) {
            return true;
        }
    }
    return name[24] == 0;
}

const struct resource *resource_find(const struct domain_info *info, const char *name)
{
    for (size_t i = 0; i < info->resource_count && i < MAX_RESOURCES; i++) {
        if (name_equal(info->resource[i].name, name)) {
            return &info->resource[i];
        }
    }
    return NULL;
}

const struct resource *resource_required(const struct domain_info *info, const char *name, uint16_t kind)
{
    const struct resource *found = resource_find(info, name);
    if (found == NULL) {
        panic("resource '%s' is not in the description", name);
    }
    if (found->kind != kind) {
        panic("resource '%s' has kind %u, expected %u", name, (unsigned)found->kind, (unsigned)kind);
    }
    return found;
}

uint32_t resource_slot(const struct domain_info *info, const char *name, uint16_t kind)
{
    return resource_required(info, name, kind)->slot;
}

void *resource_region(const struct domain_info *info, const char *name, uint64_t min_bytes)
{
    const struct resource *found = resource_required(info, name, RESOURCE_KIND_REGION);
    if (found->bytes < min_bytes) {
        panic("region '%s' has %llu bytes, needs %llu", name, (unsigned long long)found->bytes,
              (unsigned long long)min_bytes);
    }
    return (void *)(uintptr_t)found->address;
}

uint64_t resource_number(const struct domain_info *info, const char *name, uint64_t otherwise)
{
    const struct resource *found = resource_find(info, name);
    return found != NULL && found->kind == RESOURCE_KIND_NUMBER ? found->extra : otherwise;
}

const char *resource_text(const struct domain_info *info, const char *name, uint64_t *len_bytes)
{
    const struct resource *found = resource_find(info, name);
    *len_bytes = 0;
    if (found == NULL || found->kind != RESOURCE_KIND_TEXT ||
        !range_inside(found->address, found->bytes, 0, sizeof info->text)) {
        return NULL;
    }
    *len_bytes = found->bytes;
    return (const char *)&info->text[found->address];
}
