#include "uart.h"
#include "unit.h"

#define IER 1
#define IIR 2
#define LCR 3
#define MCR 4
#define LSR 5

static void test_uart__sends_what_is_written(void)
{
    struct uart uart;
    uart_init(&uart);
    CHECK_EQ(uart_read(&uart, LSR), 0x60);
    uart_write(&uart, 0, 'x');
    CHECK_EQ(uart_read(&uart, LSR), 0);
    CHECK_EQ(uart_tx_count(&uart), 1);
    CHECK_EQ(uart_transmit(&uart), 'x');
    CHECK_EQ(uart_read(&uart, LSR), 0x60);
}

static void test_uart__interrupts_only_through_out2(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, IER, 1);
    uart_receive(&uart, 'a');
    CHECK(!uart_irq(&uart));
    uart_write(&uart, MCR, 8);
    CHECK(uart_irq(&uart));
    CHECK_EQ(uart_read(&uart, IIR) & 0xf, 4);
    CHECK_EQ(uart_read(&uart, 0), 'a');
    CHECK(!uart_irq(&uart));
    CHECK_EQ(uart_read(&uart, IIR) & 0xf, 1);
}

static void test_uart__transmitter_empty_interrupt_ends_when_iir_is_read(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, MCR, 8);
    uart_write(&uart, IER, 2);
    CHECK(uart_irq(&uart));
    CHECK_EQ(uart_read(&uart, IIR) & 0xf, 2);
    CHECK(!uart_irq(&uart));
    uart_write(&uart, 0, 'x');
    CHECK(!uart_irq(&uart));
    (void)uart_transmit(&uart);
    CHECK(uart_irq(&uart));
}

static void test_uart__full_receiver_drops_and_says_so(void)
{
    struct uart uart;
    uart_init(&uart);
    for (unsigned i = 0; i < UART_FIFO_BYTES + 1; i++) {
        uart_receive(&uart, (uint8_t)i);
    }
    CHECK_EQ(uart_rx_room(&uart), 0);
    CHECK_EQ(uart_read(&uart, LSR) & 2, 2);
    CHECK_EQ(uart_read(&uart, LSR) & 2, 0);
    CHECK_EQ(uart_read(&uart, 0), 0);
}

static void test_uart__full_transmitter_keeps_what_it_has(void)
{
    struct uart uart;
    uart_init(&uart);
    for (unsigned i = 0; i < UART_FIFO_BYTES + 5; i++) {
        uart_write(&uart, 0, (uint8_t)i);
    }
    CHECK_EQ(uart_tx_count(&uart), UART_FIFO_BYTES);
    CHECK_EQ(uart_transmit(&uart), 0);
}

/* What Linux's 8250 driver tries before it believes in a port. */
static void test_uart__loopback_returns_outputs_as_inputs(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, MCR, 0x1a);
    CHECK_EQ(uart_read(&uart, 6) & 0xf0, 0x90);
    uart_write(&uart, 0, 'l');
    CHECK_EQ(uart_tx_count(&uart), 0);
    CHECK_EQ(uart_read(&uart, 0), 'l');
}

static void test_uart__divisor_hides_data_and_interrupt_registers(void)
{
    struct uart uart;
    uart_init(&uart);
    uart_write(&uart, LCR, 0x83);
    uart_write(&uart, 0, 12);
    uart_write(&uart, IER, 0);
    CHECK_EQ(uart_read(&uart, 0), 12);
    CHECK_EQ(uart_tx_count(&uart), 0);
    uart_write(&uart, LCR, 3);
    CHECK_EQ(uart_read(&uart, IER), 0);
}

int main(void)
{
    RUN(test_uart__sends_what_is_written);
    RUN(test_uart__interrupts_only_through_out2);
    RUN(test_uart__transmitter_empty_interrupt_ends_when_iir_is_read);
    RUN(test_uart__full_receiver_drops_and_says_so);
    RUN(test_uart__full_transmitter_keeps_what_it_has);
    RUN(test_uart__loopback_returns_outputs_as_inputs);
    RUN(test_uart__divisor_hides_data_and_interrupt_registers);
    return UNIT_RESULT();
}
