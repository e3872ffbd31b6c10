/* [RFC8259] 7: which characters are escaped. */
#include "json.h"

#include <string.h>

static void json_separate(struct json *json)
{
    if (json->comma)
        text_byte(json->text, ',');
    json->comma = true;
}

static void json_character(struct json *json, uint8_t byte)
{
    if (byte == '"' || byte == '\\') {
        text_byte(json->text, '\\');
        text_byte(json->text, (char)byte);
    } else if (byte == '\n') {
        text_string(json->text, "\\n");
    } else if (byte < 0x20 || byte >= 0x7f) {
        text_string(json->text, "\\u00");
        text_byte(json->text, "0123456789abcdef"[byte / 16]);
        text_byte(json->text, "0123456789abcdef"[byte % 16]);
    } else {
        text_byte(json->text, (char)byte);
    }
}

static void json_quoted(struct json *json, const char *bytes, size_t count)
{
    text_byte(json->text, '"');
    for (size_t index = 0; index < count; index++)
        json_character(json, (uint8_t)bytes[index]);
    text_byte(json->text, '"');
}

static void json_key(struct json *json, const char *key)
{
    json_separate(json);
    json_quoted(json, key, strlen(key));
    text_byte(json->text, ':');
}

struct json json_begin(struct text *text)
{
    text_byte(text, '{');
    return (struct json){.text = text, .comma = false};
}

void json_string(struct json *json, const char *key, const char *value)
{
    json_bytes(json, key, value, strlen(value));
}

void json_bytes(struct json *json, const char *key, const char *value, size_t count)
{
    json_key(json, key);
    json_quoted(json, value, count);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    text_number(json->text, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    text_string(json->text, value ? "true" : "false");
}

void json_array_begin(struct json *json, const char *key)
{
    json_key(json, key);
    text_byte(json->text, '[');
    json->comma = false;
}

void json_array_end(struct json *json)
{
    text_byte(json->text, ']');
    json->comma = true;
}

void json_object_begin(struct json *json)
{
    json_separate(json);
    text_byte(json->text, '{');
    json->comma = false;
}

void json_member_begin(struct json *json, const char *key)
{
    json_key(json, key);
    text_byte(json->text, '{');
    json->comma = false;
}

void json_object_end(struct json *json)
{
    text_byte(json->text, '}');
    json->comma = true;
}

void json_end(struct json *json)
{
    text_string(json->text, "}\n");
}
