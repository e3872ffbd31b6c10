/* The guest's end of the console channel: what its devices print goes there, and what the operator types comes from
 * there, to the one device that the description names: the UART or the virtio console. */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include "platform.h"
#include "ring.h"

struct console {
    struct console_channel *channel; /* NULL: nobody listens, output disappears */
    struct ring out, in;
    bool virtio; /* what is typed goes to the virtio console, else to the UART */
    uint32_t bell_slot, bell_bits;
    uint32_t unsignaled; /* bytes written since the last ring of the bell */
    uint64_t flush_ns;   /* ring the bell then, TIME_NEVER = nothing waits */
    uint64_t stalled_ns; /* since when the ring takes nothing, TIME_NEVER = it does */
    uint64_t dropped;    /* bytes lost because nobody emptied the ring */
};

void console_open(struct console *console, struct console_channel *channel, uint32_t bell_slot,
                  uint32_t bell_bits);
/* Moves what can be moved. Answers true while output waits for room. */
bool console_pump(struct console *console, struct platform *platform, uint64_t now_ns);
/* Rings mgmt's bell for what was written, if anything. */
void console_flush(struct console *console);

#endif
