/* Lines of a description's texts: words apart by single spaces. */
#ifndef BULKHEAD_MGMT_FIELDS_H
#define BULKHEAD_MGMT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field {
    const char *bytes;
    size_t count;
};

/* True if the line has exactly @wanted words, none empty. */
bool fields_split(const char *line, size_t count, struct field *fields, size_t wanted);
/* Decimal, of at most two digits and at most @max. */
bool field_number(struct field field, uint32_t max, uint32_t *value);

#endif
