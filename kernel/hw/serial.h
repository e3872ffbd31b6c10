/* Boot lines and panics on COM1, polled: once domains run, the port is management's, and only panic writes. */
#pragma once

#include "base/types.h"

enum { CONSOLE_PORT = 0x3f8 };

/* 115200 8N1, interrupts off. */
void console_init(void);
void console_text(const char *text);
/* @head, and @value as 0x and sixteen digits. */
void console_hex(const char *head, uint64_t value);
/* "bulkhead: " @head @text, and the end of the line. */
void console_line(const char *head, const char *text);
/* Say that the machine lacks @feature, which the core needs. Always false. */
bool machine_lacks(const char *feature);
