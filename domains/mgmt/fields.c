#include "fields.h"

bool fields_split(const char *line, size_t count, struct field *fields, size_t wanted)
{
    size_t start = 0;
    for (size_t index = 0; index < wanted; index++) {
        size_t end = start;
        while (end < count && line[end] != ' ')
            end++;
        if (end == start)
            return false;
        fields[index] = (struct field){.bytes = line + start, .count = end - start};
        if ((end == count) != (index == wanted - 1))
            return false;
        start = end + 1;
    }
    return true;
}

bool field_number(struct field field, uint32_t max, uint32_t *value)
{
    uint32_t sum = 0;
    if (field.count > 2)
        return false;
    for (size_t index = 0; index < field.count; index++) {
        if (field.bytes[index] < '0' || field.bytes[index] > '9')
            return false;
        sum = sum * 10 + (uint32_t)(field.bytes[index] - '0');
    }
    *value = sum;
    return sum <= max;
}
