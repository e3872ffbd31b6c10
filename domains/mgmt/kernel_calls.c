#include "kernel_calls.h"

#include <clock.h>
#include <stubs.h>

#include "uart.h"

void kernel_signal(uint32_t notif_slot, uint32_t bits)
{
    (void)!notif_signal(notif_slot, bits);
}

void kernel_irq_acknowledge(uint32_t irq_slot)
{
    (void)!irq_ack(irq_slot);
}

void kernel_port_write(uint32_t ioport_slot, uint16_t port, uint8_t size_bytes, uint32_t value)
{
    (void)!ioport_out(ioport_slot, port, size_bytes, value);
}

void kernel_rest(uint32_t notif_slot, uint64_t ns, uint64_t tsc_khz)
{
    const uint64_t deadline = clock_deadline_after(ns, tsc_khz);
    uint32_t bits;
    while (notif_wait(notif_slot, deadline, &bits) == OK) {
    }
}

/* A port that may not be read floats. */
uint32_t kernel_port_read(uint32_t ioport_slot, uint16_t port, uint8_t size_bytes)
{
    uint32_t value;
    return ioport_in(ioport_slot, port, size_bytes, &value) == OK ? value : UINT32_MAX;
}

uint8_t uart_register_read(const struct uart *uart, uint16_t offset)
{
    return (uint8_t)kernel_port_read(uart->slot, (uint16_t)(uart->port + offset), 1);
}

void uart_register_write(const struct uart *uart, uint16_t offset, uint8_t value)
{
    kernel_port_write(uart->slot, (uint16_t)(uart->port + offset), 1, value);
}
