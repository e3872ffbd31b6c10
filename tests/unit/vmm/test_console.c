/* The guest's end of the console channel: both devices print there, one of them gets what is typed. */
#include "console.h"

#include <stdlib.h>

#include <bulkhead/message.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define RINGS 0x100000u
#define DATA 0x120000u
#define DATA_BYTES 0x8000u
#define BELL_SLOT 9u
#define BELL_BITS 4u
#define RING_BYTES 8192u
#define MS UINT64_C(1000000)
#define STALLED (5001 * MS)
#define UART_DATA 0x3f8

enum { RX, TX };
enum { NEXT = 1, WRITE = 2 };

static _Alignas(16384) struct console_channel channel;
static struct memory memory;
static struct platform *platform;
static struct driver driver;
static struct console console;
static struct ring printed, typed; /* as mgmt sees them */
static unsigned signals;

/* The one system call made here. */
enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word);
enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word)
{
    (void)rdi;
    CHECK_EQ(rax & UINT32_MAX, BELL_SLOT);
    CHECK_EQ(*word, BELL_BITS);
    signals++;
    return rax >> 32 == CALL_NOTIF_SIGNAL ? OK : ERR_SYSCALL;
}

static void setup_with(struct console_channel *there, bool virtio)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    fake_pieces(2);
    memset(memory_at(&memory, gpa(DATA), DATA_BYTES), 0, DATA_BYTES);
    memset(&channel, 0, sizeof channel);
    platform_init(platform, &options);
    console_open(&console, there, BELL_SLOT, BELL_BITS);
    ring_open_reader(&printed, &channel, RING_END_B);
    ring_open_writer(&typed, &channel, RING_END_B);
    if (virtio) {
        console.virtio = true;
        bus_attach_console(&platform->bus);
        CHECK(driver_start(&driver, platform, &memory, 3, UINT64_MAX, 2, RINGS));
    }
    signals = 0;
}

static void setup(void)
{
    setup_with(&channel, true);
}

static bool pump(uint64_t now_ns)
{
    return console_pump(&console, platform, now_ns);
}

/* @len bytes that count from @first on. */
static void send(uint16_t n, uint8_t first, uint32_t len)
{
    uint64_t at = DATA + 0x2000u * n;
    for (uint32_t i = 0; i < len; i++) {
        *driver_at(&driver, at + i) = (uint8_t)(first + i);
    }
    driver_descriptor(&driver, TX, n, at, len, 0, 0);
    driver_offer(&driver, TX, n);
    driver_notify(&driver, TX);
}

static void print_uart(const char *text)
{
    for (; *text != 0; text++) {
        platform_out(platform, UART_DATA, 1, (uint8_t)*text, 0);
    }
}

/* Takes @count bytes, which count from @first on. */
static void check_printed(uint32_t count, uint8_t first)
{
    uint8_t bytes[RING_BYTES];
    CHECK_EQ(ring_read(&printed, bytes, count), count);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        wrong += bytes[i] != (uint8_t)(first + i);
    }
    CHECK_EQ(wrong, 0);
}

static const char *text_printed(void)
{
    static char text[64];
    text[ring_read(&printed, text, sizeof text - 1)] = 0;
    return text;
}

static void give_buffer(uint16_t n, uint32_t bytes)
{
    driver_descriptor(&driver, RX, n, DATA + 0x100u * n, bytes, WRITE, 0);
    driver_offer(&driver, RX, n);
    driver_notify(&driver, RX);
}

static void test_console__a_buffer_goes_out_with_one_bell(void)
{
    setup();
    send(0, 7, 4096);
    CHECK(!pump(0));
    CHECK_EQ(driver_used(&driver, TX), 1);
    CHECK_EQ(signals, 1);
    check_printed(4096, 7);
}

static void test_console__a_few_bytes_wait_a_little_for_more(void)
{
    setup();
    send(0, 'a', 3);
    CHECK(!pump(5 * MS));
    CHECK_EQ(signals, 0);
    CHECK_EQ(console.flush_ns, 7 * MS);
    CHECK(!pump(7 * MS));
    CHECK_EQ(signals, 1);
    CHECK_TEXT(text_printed(), "abc");
}

static void test_console__a_full_ring_holds_the_guest_and_nothing_is_lost(void)
{
    setup();
    send(0, 0, 8000);
    send(1, (uint8_t)8000, 8000);
    CHECK(pump(0));
    CHECK_EQ(driver_used(&driver, TX), 1); /* the second is only half out */
    CHECK_EQ(signals, 2);
    CHECK(pump(100 * MS));
    check_printed(1000, 0);
    CHECK(pump(4999 * MS));
    CHECK(pump(9998 * MS)); /* somebody took something since */
    check_printed(RING_BYTES, (uint8_t)1000);
    CHECK(!pump(9999 * MS));
    check_printed(16000 - 1000 - RING_BYTES, (uint8_t)(1000 + RING_BYTES));
    CHECK_EQ(driver_used(&driver, TX), 2);
    CHECK_EQ(console.dropped, 0);
}

static void test_console__a_dead_reader_stops_nobody(void)
{
    setup();
    send(0, 0, 8000);
    send(1, (uint8_t)8000, 8000);
    CHECK(pump(0));
    CHECK(pump(4999 * MS));
    CHECK(!pump(STALLED));
    CHECK_EQ(driver_used(&driver, TX), 2);
    CHECK_EQ(console.dropped, 16000 - RING_BYTES);
    send(2, 0, 100); /* nor does it wait again for one who is dead */
    print_uart("lost");
    CHECK(!pump(STALLED + 1));
    CHECK_EQ(console.dropped, 16000 - RING_BYTES + 100 + 4);
    check_printed(RING_BYTES, 0);
    send(3, 'r', 2);
    CHECK(!pump(STALLED + 2));
    CHECK_TEXT(text_printed(), "rs");
}

static void test_console__without_a_channel_output_disappears(void)
{
    setup_with(NULL, true);
    send(0, 0, 4096);
    give_buffer(0, 16);
    print_uart("gone");
    CHECK(!pump(0));
    CHECK_EQ(driver_used(&driver, TX), 1);
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK_EQ(console.dropped, 4100);
    CHECK_EQ(signals, 0);
}

static void test_console__both_devices_print(void)
{
    setup();
    print_uart("early\n");
    send(0, 'a', 3);
    CHECK(!pump(0));
    CHECK_TEXT(text_printed(), "early\nabc");
}

static void test_console__input_goes_to_the_virtio_console_where_it_is_described(void)
{
    uint32_t id, len;
    setup();
    give_buffer(0, 4);
    give_buffer(1, 64);
    (void)ring_write(&typed, "echo hello", 10);
    CHECK(!pump(0));
    CHECK_EQ(driver_used(&driver, RX), 2);
    driver_used_entry(&driver, RX, 1, &id, &len);
    CHECK_EQ(len, 6);
    CHECK(memcmp(driver_at(&driver, DATA), "echo", 4) == 0);
    CHECK(memcmp(driver_at(&driver, DATA + 0x100), " hello", 6) == 0);
    CHECK(driver_interrupted(&driver, 0x50));
    CHECK_EQ(platform_in(platform, UART_DATA + 5, 1, 0) & 1u, 0);
}

static void test_console__input_goes_to_the_uart_otherwise(void)
{
    setup_with(&channel, false);
    (void)ring_write(&typed, "xy", 2);
    CHECK(!pump(0));
    CHECK_EQ(platform_in(platform, UART_DATA, 1, 0), 'x');
    CHECK_EQ(platform_in(platform, UART_DATA, 1, 0), 'y');
    print_uart("answer\n");
    CHECK(!pump(0));
    CHECK_TEXT(text_printed(), "answer\n");
    CHECK_EQ(signals, 1);
}

static void test_console__input_waits_for_buffers(void)
{
    setup();
    (void)ring_write(&typed, "abcdefgh", 8);
    CHECK(!pump(0));
    CHECK_EQ(ring_space(&typed), 4096 - 8);
    give_buffer(0, 3);
    CHECK(!pump(0));
    CHECK_EQ(ring_space(&typed), 4096 - 5);
    CHECK(memcmp(driver_at(&driver, DATA), "abc", 4) == 0);
    driver_out(&driver, 0x14, 1, 0); /* a guest that starts anew gets the rest */
    CHECK(!pump(0));
    CHECK_EQ(ring_space(&typed), 4096 - 5);
    CHECK(driver_start(&driver, platform, &memory, 3, UINT64_MAX, 2, RINGS));
    give_buffer(0, 300);
    CHECK(!pump(0));
    CHECK_EQ(ring_space(&typed), 4096);
    CHECK(memcmp(driver_at(&driver, DATA), "defgh", 5) == 0);
}

static void test_console__much_input_takes_several_buffers(void)
{
    uint8_t bytes[600];
    uint32_t id, len;
    setup();
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i / 3);
    }
    for (uint16_t n = 0; n < 4; n++) {
        driver_descriptor(&driver, RX, n, DATA + 0x1000u * n, 4096, WRITE, 0);
        driver_offer(&driver, RX, n);
    }
    (void)ring_write(&typed, bytes, sizeof bytes);
    CHECK(!pump(0));
    uint32_t done = 0;
    for (uint16_t n = 0; n < driver_used(&driver, RX); n++) {
        driver_used_entry(&driver, RX, n, &id, &len);
        CHECK(memcmp(driver_at(&driver, DATA + 0x1000u * id), bytes + done, len) == 0);
        done += len;
    }
    CHECK_EQ(done, sizeof bytes);
}

/* builder has rebuilt mgmt: the page is zeroed, and both ends start over. */
static void test_console__goes_on_when_management_comes_back(void)
{
    setup();
    send(0, 0, 8000);
    send(1, 0, 8000);
    CHECK(pump(0));
    memset(&channel, 0, sizeof channel);
    channel.epoch = 1;
    ring_open_reader(&printed, &channel, RING_END_B);
    ring_open_writer(&typed, &channel, RING_END_B);
    CHECK(!pump(1));
    CHECK_EQ(driver_used(&driver, TX), 2);
    check_printed(8000 - (RING_BYTES - 8000), (uint8_t)(RING_BYTES - 8000));
    give_buffer(0, 16);
    (void)ring_write(&typed, "on", 2);
    CHECK(!pump(2));
    CHECK(memcmp(driver_at(&driver, DATA), "on", 2) == 0);
}

static void test_console__impossible_counters_harm_nobody(void)
{
    setup();
    give_buffer(0, 16);
    channel.a_to_b_tail = 4711;
    channel.b_to_a_head = 1 << 20;
    send(0, 0, 100);
    CHECK(pump(0));
    CHECK(!pump(STALLED));
    CHECK_EQ(console.dropped, 100);
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK(console.out.corruptions != 0 && console.in.corruptions != 0);
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_console__a_buffer_goes_out_with_one_bell);
    RUN(test_console__a_few_bytes_wait_a_little_for_more);
    RUN(test_console__a_full_ring_holds_the_guest_and_nothing_is_lost);
    RUN(test_console__a_dead_reader_stops_nobody);
    RUN(test_console__without_a_channel_output_disappears);
    RUN(test_console__both_devices_print);
    RUN(test_console__input_goes_to_the_virtio_console_where_it_is_described);
    RUN(test_console__input_goes_to_the_uart_otherwise);
    RUN(test_console__input_waits_for_buffers);
    RUN(test_console__much_input_takes_several_buffers);
    RUN(test_console__goes_on_when_management_comes_back);
    RUN(test_console__impossible_counters_harm_nobody);
    fake_memory_free(&memory);
    free(platform);
    return UNIT_RESULT();
}
