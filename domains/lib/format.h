/* A formatter small enough to read, for code that may not touch floating point: %s %c %d %u %x with the
 * length modifiers l, ll and z, a minimum width with optional 0, %p, %% and the precision form %.*s for
 * byte arrays that need not be terminated. Anything else is copied as it stands. */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes at most @capacity - 1 bytes and a terminator; answers the bytes written without it. A result that
 * does not fit is cut. @capacity is at least 1. */
size_t format_list(char *out, size_t capacity, const char *format, va_list arguments);
size_t format_text(char *out, size_t capacity, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
