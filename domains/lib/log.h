/* A domain's log: lines of text into its channel `log`, for mgmt to read. General registers only.
 *
 * A line is written whole or, when the channel is full or another thread of the domain is in mid-line,
 * dropped and counted; the next line that fits is preceded by the count. Nothing here waits.
 *
 * builder has the same interface with the serial port behind it (capdl/builder/console.c): which one is
 * linked is the choice. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stddef.h>

struct domain_info;

#define LOG_LINE_BYTES 256

/* Finds the region `log` and the notification `log-bell` (extra = its bits); without them lines are dropped. Called by the
 * start code of every thread. */
void log_open(const struct domain_info *info);

/* One line, without its newline; see format.h for the conversions. Cut at LOG_LINE_BYTES. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Raw text as newlib's write() brings it, with its newlines. */
void log_bytes(const char *text, size_t len_bytes);

#endif
