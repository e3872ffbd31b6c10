/* [16550] National Semiconductor PC16550D, section 8: registers. */
#include "uart.h"

#define IER_RX 0x01u
#define IER_THRE 0x02u
#define IER_LINE 0x04u
#define IIR_NONE 0x01u
#define IIR_THRE 0x02u
#define IIR_RX 0x04u
#define IIR_LINE 0x06u
#define IIR_FIFO 0xc0u
#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u
#define FCR_CLEAR_TX 0x04u
#define LCR_DLAB 0x80u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define LSR_DATA 0x01u
#define LSR_OVERRUN 0x02u
#define LSR_THRE 0x20u
#define LSR_TEMT 0x40u
#define MSR_CONNECTED 0xb0u /* DCD, DSR, CTS: someone is there */

static uint32_t fifo_count(const struct uart_fifo *fifo)
{
    return fifo->head - fifo->tail;
}

static void fifo_put(struct uart_fifo *fifo, uint8_t byte)
{
    fifo->bytes[fifo->head % UART_FIFO_BYTES] = byte;
    fifo->head++;
}

static uint8_t fifo_take(struct uart_fifo *fifo)
{
    uint8_t byte = fifo->bytes[fifo->tail % UART_FIFO_BYTES];
    fifo->tail++;
    return byte;
}

void uart_init(struct uart *uart)
{
    *uart = (struct uart){.dll = 1};
}

uint32_t uart_rx_room(const struct uart *uart)
{
    return (uart->mcr & MCR_LOOP) != 0 ? 0 : UART_FIFO_BYTES - fifo_count(&uart->rx);
}

void uart_receive(struct uart *uart, uint8_t byte)
{
    if (fifo_count(&uart->rx) == UART_FIFO_BYTES) {
        uart->overrun = true;
        return;
    }
    fifo_put(&uart->rx, byte);
}

uint32_t uart_tx_count(const struct uart *uart)
{
    return fifo_count(&uart->tx);
}

uint8_t uart_transmit(struct uart *uart)
{
    uint8_t byte = fifo_take(&uart->tx);
    if (fifo_count(&uart->tx) == 0) {
        uart->thre_pending = true;
    }
    return byte;
}

static uint8_t interrupt_cause(const struct uart *uart)
{
    if ((uart->ier & IER_LINE) != 0 && uart->overrun) {
        return IIR_LINE;
    }
    if ((uart->ier & IER_RX) != 0 && fifo_count(&uart->rx) != 0) {
        return IIR_RX;
    }
    if ((uart->ier & IER_THRE) != 0 && uart->thre_pending) {
        return IIR_THRE;
    }
    return IIR_NONE;
}

bool uart_irq(const struct uart *uart)
{
    /* OUT2 gates the line on every PC; in loopback it is disconnected. */
    return (uart->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2 && interrupt_cause(uart) != IIR_NONE;
}

static uint8_t read_iir(struct uart *uart)
{
    uint8_t cause = interrupt_cause(uart);
    if (cause == IIR_THRE) {
        uart->thre_pending = false; /* [16550] table 4: reading IIR resets this source */
    }
    return (uint8_t)(cause | ((uart->fcr & FCR_ENABLE) != 0 ? IIR_FIFO : 0u));
}

static uint8_t read_lsr(struct uart *uart)
{
    unsigned value = 0;
    if (fifo_count(&uart->rx) != 0) {
        value |= LSR_DATA;
    }
    if (uart->overrun) {
        value |= LSR_OVERRUN;
    }
    if (fifo_count(&uart->tx) == 0) {
        value |= LSR_THRE | LSR_TEMT;
    }
    uart->overrun = false;
    return (uint8_t)value;
}

static uint8_t read_modem_status(const struct uart *uart)
{
    if ((uart->mcr & MCR_LOOP) == 0) {
        return MSR_CONNECTED;
    }
    /* [16550] 8.6.7: the four outputs come back as the four inputs. */
    unsigned m = uart->mcr;
    return (uint8_t)((m & 2u) << 3 | (m & 1u) << 5 | (m & 4u) << 4 | (m & 8u) << 4);
}

uint8_t uart_read(struct uart *uart, unsigned reg)
{
    bool dlab = (uart->lcr & LCR_DLAB) != 0;
    switch (reg & 7u) {
    case 0:
        if (dlab) {
            return uart->dll;
        }
        return fifo_count(&uart->rx) != 0 ? fifo_take(&uart->rx) : 0;
    case 1:
        return dlab ? uart->dlm : uart->ier;
    case 2:
        return read_iir(uart);
    case 3:
        return uart->lcr;
    case 4:
        return uart->mcr;
    case 5:
        return read_lsr(uart);
    case 6:
        return read_modem_status(uart);
    default:
        return uart->scratch;
    }
}

static void write_data(struct uart *uart, uint8_t value)
{
    if ((uart->mcr & MCR_LOOP) != 0) {
        uart_receive(uart, value);
        uart->thre_pending = true;
        return;
    }
    uart->thre_pending = false;
    if (fifo_count(&uart->tx) < UART_FIFO_BYTES) {
        fifo_put(&uart->tx, value);
    }
}

static void write_ier(struct uart *uart, uint8_t value)
{
    uint8_t fresh = (uint8_t)(value & ~uart->ier);
    uart->ier = value & 0x0fu;
    /* Enabling the source while the transmitter is empty raises it at once. */
    if ((fresh & IER_THRE) != 0 && fifo_count(&uart->tx) == 0) {
        uart->thre_pending = true;
    }
}

static void write_fcr(struct uart *uart, uint8_t value)
{
    if ((value & FCR_CLEAR_RX) != 0 || ((value ^ uart->fcr) & FCR_ENABLE) != 0) {
        uart->rx.tail = uart->rx.head;
    }
    if ((value & FCR_CLEAR_TX) != 0) {
        uart->tx.tail = uart->tx.head;
    }
    uart->fcr = value & (uint8_t) ~(FCR_CLEAR_RX | FCR_CLEAR_TX);
}

void uart_write(struct uart *uart, unsigned reg, uint8_t value)
{
    bool dlab = (uart->lcr & LCR_DLAB) != 0;
    switch (reg & 7u) {
    case 0:
        if (dlab) {
            uart->dll = value;
        } else {
            write_data(uart, value);
        }
        return;
    case 1:
        if (dlab) {
            uart->dlm = value;
        } else {
            write_ier(uart, value);
        }
        return;
    case 2:
        write_fcr(uart, value);
        return;
    case 3:
        uart->lcr = value;
        return;
    case 4:
        uart->mcr = value & 0x1fu;
        return;
    case 7:
        uart->scratch = value;
        return;
    default: /* LSR and MSR: factory test only ([16550] 8.6.3), ignored */
        return;
    }
}
