/* A 16550 serial port with a queue in front of it.
 * Source: [PC16550D] National Semiconductor PC16550D, 1995, 8.0 Registers. */
#ifndef BULKHEAD_MGMT_UART_H
#define BULKHEAD_MGMT_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UART_QUEUE_BYTES = 16384, UART_FIFO_BYTES = 16 };

struct uart {
    uint32_t slot;       /* of the ioport capability, 0 = this port is absent */
    uint16_t port;       /* first of eight */
    uint64_t head, tail; /* free-running, head - tail <= UART_QUEUE_BYTES */
    uint64_t lost;       /* bytes dropped because the line never took them */
    uint8_t queue[UART_QUEUE_BYTES];
};

/* The seam: the domain's version invokes the ioport capability, the unit test's is a model of the chip. */
uint8_t uart_register_read(const struct uart *uart, uint16_t offset);
void uart_register_write(const struct uart *uart, uint16_t offset, uint8_t value);

/* 115200 8N1, FIFOs on, receive and transmit interrupts on. */
void uart_init(struct uart *uart, uint32_t slot, uint16_t port);
/* Queues bytes; if the queue is full it waits, within a limit, for the line to take some. */
void uart_write(struct uart *uart, const char *bytes, size_t count);
size_t uart_room(const struct uart *uart);
/* Takes up to @capacity received bytes. */
size_t uart_read(struct uart *uart, uint8_t *out, size_t capacity);
/* Gives the line as much as it takes now. True: the queue is empty. */
bool uart_pump(struct uart *uart);
/* As uart_pump until the queue is empty, within a limit: before power-off. */
void uart_flush(struct uart *uart);

#endif
