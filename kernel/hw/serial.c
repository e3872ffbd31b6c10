#include "hw/serial.h"
#include "hw/x86.h"

/* 16550 registers: offsets from the port, [PC16550D] 8.0 */
enum { UART_DATA = 0, UART_INTERRUPTS = 1, UART_FIFO = 2, UART_LINE = 3, UART_MODEM = 4, UART_STATUS = 5 };
enum { LINE_DIVISOR = 0x80, LINE_8N1 = 0x03, MODEM_DTR_RTS = 0x03, FIFO_RESET = 0x07, STATUS_EMPTY = 0x20 };

static bool console_silent;

void console_init(void)
{
    out8(CONSOLE_PORT + UART_INTERRUPTS, 0);
    out8(CONSOLE_PORT + UART_LINE, LINE_DIVISOR);
    out8(CONSOLE_PORT + UART_DATA, 1); /* divisor 1: 115200 */
    out8(CONSOLE_PORT + UART_INTERRUPTS, 0);
    out8(CONSOLE_PORT + UART_LINE, LINE_8N1);
    out8(CONSOLE_PORT + UART_FIFO, FIFO_RESET);
    out8(CONSOLE_PORT + UART_MODEM, MODEM_DTR_RTS);
}

static void console_byte(char byte)
{
    /* Bounded: an absent port must not hang the boot. */
    for (uint32_t tries = 0; tries < 100000; tries++) {
        if (in8(CONSOLE_PORT + UART_STATUS) & STATUS_EMPTY) break;
        cpu_pause();
    }
    out8(CONSOLE_PORT + UART_DATA, (uint8_t)byte);
}

void console_text(const char *text)
{
    if (console_silent) return;
    for (; *text; text++) console_byte(*text);
}

static void console_digits(uint64_t value, uint32_t base)
{
    char digits[21];
    uint32_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    console_text(digits + at);
}

void console_number(uint64_t value) { console_digits(value, 10); }

void console_hex(uint64_t value)
{
    console_text("0x");
    console_digits(value, 16);
}

void console_line(const char *text)
{
    console_text("bulkhead: ");
    console_text(text);
    console_text("\r\n");
}

void console_line_number(const char *text, uint64_t value)
{
    console_text("bulkhead: ");
    console_text(text);
    console_text(" ");
    console_number(value);
    console_text("\r\n");
}

void console_on(bool on) { console_silent = !on; }
