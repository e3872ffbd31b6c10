#include "console.h"

#include "stubs.h"

#define FLUSH_AFTER_NS UINT64_C(2000000)
#define FLUSH_BYTES 512u
/* A reader that takes nothing for so long is taken for dead: the guest must not wait for it. A terminal that is slow, or a machine
 * that stands still for a moment, is not. */
#define STALL_LIMIT_NS UINT64_C(5000000000)
#define INPUT_BYTES 256u

void console_open(struct console *console, struct console_channel *channel, uint32_t bell_slot,
                  uint32_t bell_bits)
{
    *console = (struct console){.channel = channel, .bell_slot = bell_slot, .bell_bits = bell_bits};
    console->flush_ns = console->stalled_ns = TIME_NEVER;
    if (channel != NULL) {
        ring_open_writer(&console->out, channel, RING_END_A);
        ring_open_reader(&console->in, channel, RING_END_A);
    }
}

void console_flush(struct console *console)
{
    console->flush_ns = TIME_NEVER;
    if (console->unsignaled == 0) {
        return;
    }
    console->unsignaled = 0;
    if (console->bell_slot != 0 && notif_signal(console->bell_slot, console->bell_bits) != OK) {
        console->bell_slot = 0; /* mgmt's side is gone for good */
    }
}

/* ------------------------------------------------------------------ out */

enum outlook { OUTLOOK_ROOM, OUTLOOK_WAIT, OUTLOOK_NOBODY };

static enum outlook look(struct console *console, uint64_t now_ns)
{
    if (console->channel == NULL) {
        return OUTLOOK_NOBODY;
    }
    if (ring_space(&console->out) != 0) {
        console->stalled_ns = TIME_NEVER;
        return OUTLOOK_ROOM;
    }
    if (console->stalled_ns == TIME_NEVER) {
        console->stalled_ns = now_ns;
    }
    return now_ns - console->stalled_ns < STALL_LIMIT_NS ? OUTLOOK_WAIT : OUTLOOK_NOBODY;
}

/* @urgent: someone waits for the end of this line. */
static void note_written(struct console *console, uint64_t count, bool urgent, uint64_t now_ns)
{
    console->unsignaled += (uint32_t)count;
    if (urgent || console->unsignaled >= FLUSH_BYTES) {
        console_flush(console);
    } else if (console->flush_ns == TIME_NEVER) {
        console->flush_ns = now_ns + FLUSH_AFTER_NS;
    }
}

/* These two answer false while there is no room and the reader may still be alive. */
static bool send_uart(struct console *console, struct uart *uart, uint64_t now_ns)
{
    while (uart_tx_count(uart) != 0) {
        enum outlook outlook = look(console, now_ns);
        if (outlook == OUTLOOK_WAIT) {
            return false;
        }
        uint8_t byte = uart_transmit(uart);
        if (outlook == OUTLOOK_ROOM && ring_write(&console->out, &byte, 1) == 1) {
            note_written(console, 1, byte == '\n', now_ns);
        } else {
            console->dropped++;
        }
    }
    return true;
}

static bool send_virtio(struct console *console, struct virtio_console *virtio, uint64_t now_ns)
{
    const uint8_t *bytes;
    uint64_t len;
    while ((len = virtio_console_output(virtio, &bytes)) != 0) {
        switch (look(console, now_ns)) {
        case OUTLOOK_WAIT:
            return false;
        case OUTLOOK_NOBODY:
            console->dropped += virtio_console_drop(virtio);
            break;
        case OUTLOOK_ROOM:
            len = ring_write(&console->out, bytes, len);
            virtio_console_sent(virtio, len);
            note_written(console, len, false, now_ns);
            break;
        }
    }
    return true;
}

/* ------------------------------------------------------------------ in */

static void receive_uart(struct console *console, struct uart *uart)
{
    uint8_t bytes[UART_FIFO_BYTES];
    size_t count = ring_read(&console->in, bytes, uart_rx_room(uart));
    for (size_t i = 0; i < count; i++) {
        uart_receive(uart, bytes[i]);
    }
}

static void receive_virtio(struct console *console, struct virtio_console *virtio)
{
    uint8_t bytes[INPUT_BYTES];
    uint64_t room;
    while (ring_pending(&console->in) != 0 && (room = virtio_console_room(virtio)) != 0) {
        size_t count = ring_read(&console->in, bytes, min_u64(room, sizeof bytes));
        virtio_console_input(virtio, bytes, count);
    }
}

bool console_pump(struct console *console, struct platform *platform, uint64_t now_ns)
{
    struct virtio_console *virtio = &platform->bus.console;
    if (console->channel != NULL && ring_pending(&console->in) != 0) {
        if (console->virtio) {
            receive_virtio(console, virtio);
        } else {
            receive_uart(console, &platform->uart);
        }
    }
    bool sent = send_uart(console, &platform->uart, now_ns);
    if (console->virtio) {
        sent = send_virtio(console, virtio, now_ns) && sent;
        virtio_console_settle(virtio);
    }
    if (!sent || now_ns >= console->flush_ns) {
        console_flush(console);
    }
    return !sent;
}
