/* A 16550A UART: registers, FIFOs, interrupt. What it is plugged into (console.c) takes bytes from `tx` and
 * gives bytes to `rx`. */
#ifndef VMM_UART_H
#define VMM_UART_H

#include "common.h"

#define UART_FIFO_BYTES 16u

/* The ports this device answers, and its line (docs/guest-platform.md). */
#define UART_PORT_FIRST 0x3f8u
#define UART_PORT_LAST 0x3ffu
#define UART_IRQ 4u

struct uart_fifo {
    uint8_t bytes[UART_FIFO_BYTES];
    uint32_t head; /* bytes ever put */
    uint32_t tail; /* bytes ever taken */
};

struct uart {
    uint8_t ier, fcr, lcr, mcr, scratch, dll, dlm;
    bool thre_pending; /* "transmitter empty" has happened and nobody has looked */
    bool overrun;
    struct uart_fifo tx, rx;
};

void uart_init(struct uart *uart);
/* @reg 0..7. */
uint8_t uart_read(struct uart *uart, unsigned reg);
void uart_write(struct uart *uart, unsigned reg, uint8_t value);
bool uart_irq(const struct uart *uart);

/* The wire's side. */
uint32_t uart_rx_room(const struct uart *uart);
void uart_receive(struct uart *uart, uint8_t byte);
uint32_t uart_tx_count(const struct uart *uart);
/* Takes the oldest byte waiting to be sent; only while uart_tx_count() > 0. */
uint8_t uart_transmit(struct uart *uart);

#endif
