#include "panic.h"

#include <stdarg.h>

#include "format.h"
#include "log.h"

_Noreturn void panic(const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_list(line, sizeof line, format, arguments);
    va_end(arguments);
    log_line("PANIC: %s", line);
    panic_silent();
}
