/* Boot lines and panics on COM1, polled; silent once management owns the port. */
#ifndef HW_SERIAL_H
#define HW_SERIAL_H

#include "base/types.h"

enum { CONSOLE_PORT = 0x3f8 };

/* 115200 8N1, interrupts off. */
void console_init(void);
void console_text(const char *text);
/* @value in decimal, without padding. */
void console_number(uint64_t value);
/* @value as 0x and hexadecimal digits. */
void console_hex(uint64_t value);
/* "bulkhead: " @text, and the end of the line. */
void console_line(const char *text);
/* "bulkhead: " @text " " @value in decimal, and the end of the line. */
void console_line_number(const char *text, uint64_t value);
/* Off once management owns the port: then only panic writes. */
void console_on(bool on);

#endif
