#include "console.h"

#include "kernel_calls.h"

enum { COLLECT_BYTES = 1024 };

void console_open(struct console *console, struct console_channel *channel, uint32_t bell_slot,
                  uint32_t bell_bits)
{
    console->channel = channel;
    ring_open_reader(&console->output, channel, RING_END_B);
    ring_open_writer(&console->input, channel, RING_END_B);
    console->bell_slot = bell_slot;
    console->bell_bits = bell_bits;
    console->status_seen = 0;
    console->shown = 0;
    history_init(&console->history, console->kept, CONSOLE_HISTORY_BYTES);
}

static void console_ring_bell(const struct console *console)
{
    if (console->bell_slot != 0)
        kernel_signal(console->bell_slot, console->bell_bits);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool console_collect(struct console *console, bool shown)
{
    uint8_t bytes[COLLECT_BYTES];
    bool taken = false;
    /* A writer that found the ring full waits for the bell; half full is early enough and rarely needless. */
    const bool crowded = ring_pending(&console->output) >= console->output.capacity / 2;
    /* Bounded: a guest that prints as fast as this reads must not hold the loop. */
    for (unsigned piece = 0; piece < sizeof(console->channel->a_to_b) / COLLECT_BYTES; piece++) {
        const size_t room = shown ? history_room(&console->history, console->shown) : sizeof(bytes);
        const size_t count = ring_read(&console->output, bytes, smaller(sizeof(bytes), room));
        if (count == 0)
            break;
        history_put(&console->history, bytes, count);
        taken = true;
    }
    if (taken && crowded)
        console_ring_bell(console);
    return taken;
}

size_t console_type_room(struct console *console)
{
    return ring_space(&console->input);
}

size_t console_type(struct console *console, const uint8_t *bytes, size_t count)
{
    const size_t typed = ring_write(&console->input, bytes, count);
    if (typed != 0)
        console_ring_bell(console);
    return typed;
}

bool console_status_changed(struct console *console, uint64_t *status)
{
    *status = channel_status_read(console->channel);
    if (*status == console->status_seen)
        return false;
    console->status_seen = *status;
    return *status != 0;
}
