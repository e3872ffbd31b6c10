/* builder's words on COM1, each line with the prefix `bulkhead: `. It speaks until mgmt owns the port, and
 * again while mgmt is away. With this file log.h's functions are builder's own (log_line, log_bytes). */
#ifndef BUILDER_CONSOLE_H
#define BUILDER_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "refusal.h"

/* Makes the I/O port capability in @slot of builder's table. @port is the 16550's first. */
void console_open(uint32_t slot, uint16_t port);
void console_mute(bool mute);

/* The port that ends an emulator (isa-debug-exit), 0 = none, and an empty slot for it. */
void console_set_debug_exit(uint32_t slot, uint16_t port);

/* Says `bulkhead: FATAL: reason`, ends the emulator where the platform has such a port, and stops. */
_Noreturn void console_fatal(const struct refusal *why);

#endif
