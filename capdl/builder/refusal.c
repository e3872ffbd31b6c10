#include "refusal.h"

#include <stdarg.h>

#include "format.h"

bool refuse(struct refusal *why, const char *format, ...)
{
    va_list arguments;
    if (why->text[0] == 0) {
        va_start(arguments, format);
        format_list(why->text, sizeof why->text, format, arguments);
        va_end(arguments);
    }
    return false;
}
