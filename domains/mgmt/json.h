/* Writes JSON, one value after the other, into a text. Commas are put where they belong. */
#ifndef BULKHEAD_MGMT_JSON_H
#define BULKHEAD_MGMT_JSON_H

#include "text.h"

struct json {
    struct text *text;
    bool comma; /* the next member needs one before it */
};

struct json json_begin(struct text *text); /* { */
void json_string(struct json *json, const char *key, const char *value);
/* @value need not be text: bytes outside printable ASCII are escaped one by one. */
void json_bytes(struct json *json, const char *key, const char *value, size_t count);
void json_number(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_array_begin(struct json *json, const char *key); /* "key":[ */
void json_array_end(struct json *json);
void json_object_begin(struct json *json); /* an element of an array */
void json_object_end(struct json *json);
void json_member_begin(struct json *json, const char *key); /* "key":{ ; ends as an element does */
void json_end(struct json *json);                           /* } and a line feed */

#endif
