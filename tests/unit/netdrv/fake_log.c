#include <log.h>

#include <stdarg.h>
#include <stdio.h>

/* A test's reader wants to know why. */
void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}
