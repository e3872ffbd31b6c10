#include "registry.h"

#include <string.h>

#include "fields.h"

enum { FIELDS = 4, FIELD_ID = 0, FIELD_NAME, FIELD_TENANT, FIELD_POLICY, ID_MAX = 63 };

static bool copy_name(struct field field, char name[NAME_BYTES])
{
    if (field.count >= NAME_BYTES)
        return false;
    memcpy(name, field.bytes, field.count);
    name[field.count] = '\0';
    return true;
}

bool registry_parse_line(const char *line, size_t count, struct domain *domain)
{
    struct field fields[FIELDS];
    if (!fields_split(line, count, fields, FIELDS))
        return false;
    if (!field_number(fields[FIELD_ID], ID_MAX, &domain->id) ||
        !copy_name(fields[FIELD_NAME], domain->name) || !copy_name(fields[FIELD_TENANT], domain->tenant))
        return false;
    if (strcmp(domain->tenant, "-") == 0)
        domain->tenant[0] = '\0';
    return policy_parse(fields[FIELD_POLICY].bytes, fields[FIELD_POLICY].count, &domain->policy);
}

static bool known_id(const struct domain *domains, uint32_t count, uint32_t id)
{
    for (uint32_t index = 0; index < count; index++)
        if (domains[index].id == id)
            return true;
    return false;
}

bool registry_parse(const char *text, size_t bytes, struct domain *domains, uint32_t capacity,
                    uint32_t *count, uint32_t *bad_line)
{
    size_t start = 0;
    *count = 0;
    *bad_line = 0;
    while (start < bytes) {
        size_t end = start;
        while (end < bytes && text[end] != '\n')
            end++;
        ++*bad_line;
        if (*count == capacity || !registry_parse_line(text + start, end - start, &domains[*count]) ||
            known_id(domains, *count, domains[*count].id))
            return false;
        ++*count;
        start = end + 1;
    }
    return true;
}
