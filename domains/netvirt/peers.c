#include "peers.h"

#include <string.h>

/* The tenant called by the @len bytes at @name, or @count. */
static uint32_t find(const struct tenant *tenants, uint32_t count, const char *name, size_t len)
{
    for (uint32_t i = 0; i < count; i++) {
        if (len != 0 && strlen(tenants[i].name) == len && memcmp(tenants[i].name, name, len) == 0) {
            return i;
        }
    }
    return count;
}

/* Bytes up to @end, which is not among them, or to the end of the text. */
static size_t until(const char *text, size_t len, char end)
{
    size_t at = 0;
    while (at < len && text[at] != end) {
        at++;
    }
    return at;
}

bool peers_parse(const char *text, size_t len, struct tenant *tenants, uint32_t count)
{
    while (len != 0) {
        size_t line = until(text, len, '\n'), first = until(text, line, ' ');
        if (first == line) {
            return false;
        }
        uint32_t from = find(tenants, count, text, first);
        uint32_t to = find(tenants, count, text + first + 1, line - first - 1);
        if (from == count || to == count || from == to) {
            return false;
        }
        tenants[from].peers |= UINT32_C(1) << to;
        size_t step = line < len ? line + 1 : line;
        text += step;
        len -= step;
    }
    return true;
}
