#include "uart.h"

/* [PC16550D] 8.0, table II: registers by offset from the first port. */
enum uart_offset {
    UART_DATA = 0,
    UART_INTERRUPT_ENABLE = 1,
    UART_INTERRUPT_ID = 2,
    UART_FIFO_CONTROL = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
};

enum uart_bits {
    IER_RECEIVED = 1u << 0,
    IER_TRANSMITTER_EMPTY = 1u << 1,
    FCR_ENABLE = 1u << 0,
    FCR_CLEAR_RECEIVE = 1u << 1,
    FCR_CLEAR_TRANSMIT = 1u << 2,
    LCR_EIGHT_BITS = 3u,
    LCR_DIVISOR_LATCH = 1u << 7,
    MCR_DTR = 1u << 0,
    MCR_RTS = 1u << 1,
    MCR_OUT2 = 1u << 3, /* gates the interrupt line on PCs */
    LSR_DATA_READY = 1u << 0,
    LSR_TRANSMITTER_EMPTY = 1u << 5,
    LSR_LINE_IDLE = 1u << 6, /* the last bit has left the shift register too */
};

/* Polls of the line status before bytes are given up: seconds on a real line at 115200 baud. */
enum { UART_PATIENCE = 200000 };

/* Until what was written has left: turning the FIFO off, or the machine, would drop it. */
static void uart_drain(const struct uart *uart)
{
    for (unsigned polls = 0;
         polls < UART_PATIENCE && (uart_register_read(uart, UART_LINE_STATUS) & LSR_LINE_IDLE) == 0;
         polls++) {
    }
}

void uart_init(struct uart *uart, uint32_t slot, uint16_t port)
{
    uart->slot = slot;
    uart->port = port;
    uart->head = uart->tail = uart->lost = 0;
    if (slot == 0)
        return;
    uart_drain(uart); /* builder's last line */
    uart_register_write(uart, UART_INTERRUPT_ENABLE, 0);
    uart_register_write(uart, UART_LINE_CONTROL, LCR_DIVISOR_LATCH | LCR_EIGHT_BITS);
    uart_register_write(uart, UART_DATA, 1); /* 115200 baud */
    uart_register_write(uart, UART_INTERRUPT_ENABLE, 0);
    uart_register_write(uart, UART_LINE_CONTROL, LCR_EIGHT_BITS);
    uart_register_write(uart, UART_FIFO_CONTROL, FCR_ENABLE | FCR_CLEAR_RECEIVE | FCR_CLEAR_TRANSMIT);
    uart_register_write(uart, UART_MODEM_CONTROL, MCR_DTR | MCR_RTS | MCR_OUT2);
    uart_register_write(uart, UART_INTERRUPT_ENABLE, IER_RECEIVED);
}

static uint64_t uart_queued(const struct uart *uart)
{
    return uart->head - uart->tail;
}

size_t uart_room(const struct uart *uart)
{
    return (size_t)(UART_QUEUE_BYTES - uart_queued(uart));
}

bool uart_pump(struct uart *uart)
{
    if (uart->slot == 0) {
        uart->tail = uart->head;
        return true;
    }
    while (uart_queued(uart) != 0 &&
           (uart_register_read(uart, UART_LINE_STATUS) & LSR_TRANSMITTER_EMPTY) != 0) {
        /* The holding register being empty means the whole FIFO is: [PC16550D] 8.6.3. */
        for (unsigned sent = 0; sent < UART_FIFO_BYTES && uart_queued(uart) != 0; sent++) {
            uart_register_write(uart, UART_DATA, uart->queue[uart->tail % UART_QUEUE_BYTES]);
            uart->tail++;
        }
    }
    const bool empty = uart_queued(uart) == 0;
    /* Only a waiting queue wants to hear when the transmitter is empty. */
    uart_register_write(uart, UART_INTERRUPT_ENABLE,
                        (uint8_t)(IER_RECEIVED | (empty ? 0 : IER_TRANSMITTER_EMPTY)));
    return empty;
}

static bool uart_make_room(struct uart *uart)
{
    for (unsigned polls = 0; polls < UART_PATIENCE && uart_room(uart) == 0; polls++)
        uart_pump(uart);
    return uart_room(uart) != 0;
}

void uart_write(struct uart *uart, const char *bytes, size_t count)
{
    if (uart->slot == 0)
        return;
    for (size_t index = 0; index < count; index++) {
        if (uart_room(uart) == 0 && !uart_make_room(uart)) {
            uart->lost += count - index;
            return;
        }
        uart->queue[uart->head % UART_QUEUE_BYTES] = (uint8_t)bytes[index];
        uart->head++;
    }
}

size_t uart_read(struct uart *uart, uint8_t *out, size_t capacity)
{
    size_t count = 0;
    if (uart->slot == 0)
        return 0;
    /* Reading the interrupt identification clears a transmitter-empty cause: [PC16550D] table IV. */
    (void)uart_register_read(uart, UART_INTERRUPT_ID);
    while (count < capacity && (uart_register_read(uart, UART_LINE_STATUS) & LSR_DATA_READY) != 0)
        out[count++] = uart_register_read(uart, UART_DATA);
    return count;
}

void uart_flush(struct uart *uart)
{
    for (unsigned polls = 0; polls < UART_PATIENCE && !uart_pump(uart); polls++) {
    }
    if (uart->slot != 0)
        uart_drain(uart);
}
