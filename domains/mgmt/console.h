/* One guest's console: bytes between its VMM's channel and what mgmt keeps. */
#ifndef BULKHEAD_MGMT_CONSOLE_H
#define BULKHEAD_MGMT_CONSOLE_H

#include "mgmt.h"

void console_open(struct console *console, struct console_channel *channel, uint32_t bell_slot,
                  uint32_t bell_bits);
/* Takes what the guest printed, at most as much as does not overwrite what COM1 has still to get when @shown.
 * Wakes the VMM where it may be waiting for room. True: something was taken. */
bool console_collect(struct console *console, bool shown);
/* Hands typed bytes to the guest and answers how many it took. */
size_t console_type(struct console *console, const uint8_t *bytes, size_t count);
size_t console_type_room(struct console *console);
/* True, once, when the status word says something new; 0 (a rebuilt channel) is remembered silently. */
bool console_status_changed(struct console *console, uint64_t *status);

#endif
