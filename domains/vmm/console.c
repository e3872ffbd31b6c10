#include "console.h"

#include "stubs.h"

#define FLUSH_AFTER_NS UINT64_C(2000000)
#define FLUSH_BYTES 512u
/* A reader that takes nothing for so long is taken for dead: the guest must not wait for it. */
#define STALL_LIMIT_NS UINT64_C(200000000)

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

/* One byte out; false while there is no room and the reader may still be alive. */
static bool send(struct console *console, struct uart *uart, uint64_t now_ns)
{
    if (console->channel != NULL && ring_space(&console->out) == 0) {
        if (console->stalled_ns == TIME_NEVER) {
            console->stalled_ns = now_ns;
        }
        if (now_ns - console->stalled_ns < STALL_LIMIT_NS) {
            return false;
        }
        (void)uart_transmit(uart);
        console->dropped++;
        return true;
    }
    uint8_t byte = uart_transmit(uart);
    console->stalled_ns = TIME_NEVER;
    if (console->channel == NULL || ring_write(&console->out, &byte, 1) != 1) {
        console->dropped++;
        return true;
    }
    console->unsignaled++;
    if (byte == '\n' || console->unsignaled >= FLUSH_BYTES) {
        console_flush(console);
    } else if (console->flush_ns == TIME_NEVER) {
        console->flush_ns = now_ns + FLUSH_AFTER_NS;
    }
    return true;
}

static void receive(struct console *console, struct uart *uart)
{
    uint32_t room = uart_rx_room(uart);
    uint8_t bytes[UART_FIFO_BYTES];
    if (console->channel == NULL || room == 0 || ring_pending(&console->in) == 0) {
        return;
    }
    size_t count = ring_read(&console->in, bytes, room);
    for (size_t i = 0; i < count; i++) {
        uart_receive(uart, bytes[i]);
    }
}

bool console_pump(struct console *console, struct uart *uart, uint64_t now_ns)
{
    receive(console, uart);
    while (uart_tx_count(uart) != 0) {
        if (!send(console, uart, now_ns)) {
            console_flush(console);
            return true;
        }
    }
    if (now_ns >= console->flush_ns) {
        console_flush(console);
    }
    return false;
}
