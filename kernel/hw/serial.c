#include "hw/serial.h"
#include "hw/x86.h"

/* 16550 registers: offsets from the port, [PC16550D] 8.0 */
enum { UART_DATA = 0, UART_INTERRUPTS = 1, UART_FIFO = 2, UART_LINE = 3, UART_MODEM = 4, UART_STATUS = 5 };
enum { LINE_DIVISOR = 0x80, LINE_8N1 = 0x03, MODEM_DTR_RTS = 0x03, FIFO_RESET = 0x07, STATUS_EMPTY = 0x20 };

void console_init(void)
{
    /* Divisor 1: 115200 */
    static const uint8_t setup[][2] = {{UART_INTERRUPTS, 0}, {UART_LINE, LINE_DIVISOR}, {UART_DATA, 1}, {UART_INTERRUPTS, 0},
        {UART_LINE, LINE_8N1}, {UART_FIFO, FIFO_RESET}, {UART_MODEM, MODEM_DTR_RTS}};
    for (uint32_t i = 0; i < sizeof setup / sizeof setup[0]; i++) out8((uint16_t)(CONSOLE_PORT + setup[i][0]), setup[i][1]);
}

void console_text(const char *text)
{
    for (; *text; text++) {
        /* Bounded: an absent port must not hang the boot. */
        for (uint32_t tries = 0; tries < 100000 && !(in8(CONSOLE_PORT + UART_STATUS) & STATUS_EMPTY); tries++) {}
        out8(CONSOLE_PORT + UART_DATA, (uint8_t)*text);
    }
}

void console_hex(const char *head, uint64_t value)
{
    char digits[] = "0x0000000000000000";
    for (uint32_t at = sizeof digits - 2; value; value >>= 4) digits[at--] = "0123456789abcdef"[value & 15];
    console_text(head);
    console_text(digits);
}

void console_line(const char *head, const char *text)
{
    console_text("bulkhead: ");
    console_text(head);
    console_text(text);
    console_text("\r\n");
}

bool machine_lacks(const char *feature)
{
    console_line("the machine lacks ", feature);
    return false;
}
