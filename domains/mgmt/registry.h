/* Reads the description's table of domains: lines `ID NAME TENANT POLICY`. */
#ifndef BULKHEAD_MGMT_REGISTRY_H
#define BULKHEAD_MGMT_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mgmt.h"

/* Parses one line (without its end) into id, name, tenant and policy of @domain, which must be zeroed. */
bool registry_parse_line(const char *line, size_t count, struct domain *domain);
/* Parses all lines into @domains; *@count is how many. False: a line is wrong, an id appears twice, or there are
 * more than @capacity; @bad_line then counts from 1. */
bool registry_parse(const char *text, size_t bytes, struct domain *domains, uint32_t capacity,
                    uint32_t *count, uint32_t *bad_line);

#endif
