#include "fake_log.h"

#include <log.h>

#include <stdarg.h>
#include <stdio.h>

unsigned fake_log_lines;

/* A test's reader wants to know why. */
void log_line(const char *format, ...)
{
    va_list arguments;
    fake_log_lines++;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}
