#include "console.h"

#include <stdarg.h>

#include "format.h"
#include "log.h"
#include "panic.h"
#include "plan.h"
#include "stubs.h"

/* [NS16550] Table II: registers from the base port. */
enum { UART_TRANSMIT = 0, UART_LINE_STATUS = 5, UART_PORTS = 8 };
#define UART_TRANSMIT_EMPTY 0x20u
/* A character takes 87 us at 115200 baud; a port that is not ready after so many reads never will be. */
#define UART_TRIES 100000u

/* isa-debug-exit ends QEMU with status 2 * value + 1: 125, "Bulkhead itself failed". */
#define DEBUG_EXIT_FAILED 62u

/* panic() and newlib's write() have no argument that could carry this. */
static struct {
    uint32_t slot; /* 0: no port */
    uint32_t debug_exit_slot;
    uint16_t port;
    uint16_t debug_exit_port;
    bool mute;
    bool in_line; /* the prefix is out, the newline is not */
} console;

void console_open(uint32_t slot, uint16_t port)
{
    if (control_ioport(SLOT_CONTROL, SLOT_CAPTAB, slot, port, (uint16_t)(port + UART_PORTS - 1)) == OK) {
        console.slot = slot;
        console.port = port;
    }
}

void console_mute(bool mute)
{
    console.mute = mute;
}

void console_set_debug_exit(uint32_t slot, uint16_t port)
{
    console.debug_exit_slot = slot;
    console.debug_exit_port = port;
}

static void put(char c)
{
    for (uint32_t i = 0; i < UART_TRIES; i++) {
        uint32_t status = 0;
        if (ioport_in(console.slot, (uint16_t)(console.port + UART_LINE_STATUS), 1, &status) != OK ||
            (status & UART_TRANSMIT_EMPTY) != 0) {
            break;
        }
    }
    if (ioport_out(console.slot, (uint16_t)(console.port + UART_TRANSMIT), 1, (uint8_t)c) != OK) {
        console.slot = 0; /* lost: speak no more */
    }
}

static void put_text(const char *text, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes && console.slot != 0; i++) {
        put(text[i]);
    }
}

void log_bytes(const char *text, size_t len_bytes)
{
    static const char prefix[] = "bulkhead: ";
    if (console.slot == 0 || console.mute) {
        return;
    }
    for (size_t i = 0; i < len_bytes; i++) {
        if (!console.in_line) {
            put_text(prefix, sizeof prefix - 1);
        }
        put_text(&text[i], 1);
        console.in_line = text[i] != '\n';
    }
}

void log_line(const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    size_t len = format_list(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    line[len] = '\n';
    log_bytes(line, len + 1);
}

/* builder has no info page and no channel. */
void log_open(const struct domain_info *info)
{
    (void)info;
}

_Noreturn void console_fatal(const struct refusal *why)
{
    uint16_t port = console.debug_exit_port;
    console_mute(false);
    log_line("FATAL: %s", why->text);
    if (port != 0 && control_ioport(SLOT_CONTROL, SLOT_CAPTAB, console.debug_exit_slot, port, port) == OK &&
        ioport_out(console.debug_exit_slot, port, 1, DEBUG_EXIT_FAILED) != OK) {
        log_line("port 0x%x refused", port);
    }
    /* Nothing to do for good. Should stopping itself not work, a fault that nobody handles does it. */
    if (thread_suspend(SLOT_THREAD) != OK) {
        log_line("cannot stop");
    }
    panic_silent();
}
