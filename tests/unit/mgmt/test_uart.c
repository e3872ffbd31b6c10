/* The 16550 driver against a model of the chip, linked in place of the ioport calls. */
#include "check.h"
#include "uart.h"

static struct chip {
    uint8_t sent[65536];
    size_t sent_count;
    unsigned fifo; /* bytes in the transmitter's FIFO */
    bool shifting; /* the last byte is still on the line */
    size_t dropped;
    bool stuck; /* the line takes nothing */
    uint8_t received[64];
    size_t received_head, received_tail;
    uint8_t interrupt_enable;
    uint8_t line_control;
    uint8_t divisor;
} chip;

uint8_t uart_register_read(const struct uart *uart, uint16_t offset)
{
    (void)uart;
    switch (offset) {
    case 0:
        CHECK(chip.received_tail < chip.received_head);
        return chip.received[chip.received_tail++];
    case 2:
        return 1;
    case 5: {
        const bool ready = chip.received_tail < chip.received_head;
        const bool empty = chip.fifo == 0, idle = empty && !chip.shifting;
        if (!chip.stuck) {
            chip.shifting =
                chip.fifo != 0; /* by the next look the line has taken it, but for the last byte */
            chip.fifo = 0;
        }
        return (uint8_t)((ready ? 1 : 0) | (empty ? 0x20 : 0) | (idle ? 0x40 : 0));
    }
    default:
        CHECK(offset == 0);
        return 0; /* a register that the driver does not use */
    }
}

void uart_register_write(const struct uart *uart, uint16_t offset, uint8_t value)
{
    (void)uart;
    if (offset == 0 && (chip.line_control & 0x80) != 0) {
        chip.divisor = value;
    } else if (offset == 0) {
        CHECK(chip.fifo < UART_FIFO_BYTES);
        chip.fifo++;
        chip.sent[chip.sent_count++ % sizeof(chip.sent)] = value;
    } else if (offset == 1 && (chip.line_control & 0x80) == 0) {
        chip.interrupt_enable = value;
    } else if (offset == 2 && (value & 4) != 0) {
        chip.dropped += chip.fifo + (chip.shifting ? 1 : 0);
    } else if (offset == 3) {
        chip.line_control = value;
    }
}

static struct uart *fresh(void)
{
    static struct uart uart;
    memset(&chip, 0, sizeof(chip));
    uart_init(&uart, 1, 0x3f8);
    return &uart;
}

static void test_uart__init(void)
{
    fresh();
    CHECK(chip.divisor == 1 && chip.line_control == 3 && chip.interrupt_enable == 1);
}

static void test_uart__init_drops_nothing_of_who_wrote_before(void)
{
    struct uart uart;
    memset(&chip, 0, sizeof(chip));
    chip.fifo = UART_FIFO_BYTES;
    uart_init(&uart, 1, 0x3f8);
    CHECK(chip.dropped == 0);
}

static void test_uart__flush_waits_until_the_line_is_idle(void)
{
    struct uart *const uart = fresh();
    uart_write(uart, "the last words", 14);
    uart_flush(uart);
    CHECK(chip.fifo == 0 && !chip.shifting);
}

static void test_uart__sends_in_order_and_never_overruns_the_fifo(void)
{
    struct uart *const uart = fresh();
    char bytes[100];
    for (size_t index = 0; index < sizeof(bytes); index++)
        bytes[index] = (char)index;
    uart_write(uart, bytes, sizeof(bytes));
    uart_flush(uart);
    CHECK(chip.sent_count == sizeof(bytes) && memcmp(chip.sent, bytes, sizeof(bytes)) == 0);
    CHECK(chip.interrupt_enable == 1);
}

static void test_uart__asks_for_an_interrupt_only_while_bytes_wait(void)
{
    struct uart *const uart = fresh();
    char bytes[UART_FIFO_BYTES + 1] = {0};
    chip.stuck = true;
    uart_write(uart, bytes, sizeof(bytes));
    CHECK(!uart_pump(uart) && chip.interrupt_enable == 3);
    chip.stuck = false;
    chip.fifo = 0;
    CHECK(uart_pump(uart) && chip.interrupt_enable == 1);
}

/* A full queue waits for the line; a dead line loses bytes, counted, and never holds mgmt for good. */
static void test_uart__survives_a_dead_line(void)
{
    struct uart *const uart = fresh();
    static char bytes[UART_QUEUE_BYTES + 100];
    uart_write(uart, bytes, sizeof(bytes));
    CHECK(uart->lost == 0);
    uart_flush(uart);
    chip.stuck = true;
    uart_write(uart, bytes, sizeof(bytes));
    CHECK(uart->lost > 0 && uart_room(uart) == 0);
    uart_flush(uart);
}

static void test_uart__reads_what_is_there(void)
{
    struct uart *const uart = fresh();
    uint8_t out[8];
    memcpy(chip.received, "hello", 5);
    chip.received_head = 5;
    CHECK(uart_read(uart, out, 3) == 3 && memcmp(out, "hel", 3) == 0);
    CHECK(uart_read(uart, out, sizeof(out)) == 2 && memcmp(out, "lo", 2) == 0);
    CHECK(uart_read(uart, out, 0) == 0);
}

static void test_uart__absent_port_swallows(void)
{
    static struct uart uart;
    uint8_t out[1];
    memset(&chip, 0, sizeof(chip));
    uart_init(&uart, 0, 0);
    uart_write(&uart, "x", 1);
    CHECK(uart_pump(&uart) && uart_read(&uart, out, 1) == 0 && chip.sent_count == 0);
}

int main(void)
{
    RUN(test_uart__init);
    RUN(test_uart__init_drops_nothing_of_who_wrote_before);
    RUN(test_uart__flush_waits_until_the_line_is_idle);
    RUN(test_uart__sends_in_order_and_never_overruns_the_fifo);
    RUN(test_uart__asks_for_an_interrupt_only_while_bytes_wait);
    RUN(test_uart__survives_a_dead_line);
    RUN(test_uart__reads_what_is_there);
    RUN(test_uart__absent_port_swallows);
    return 0;
}
