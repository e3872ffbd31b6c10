/* The virtio console between a driver and whoever asks for its bytes, both of this test. */
#include <stdlib.h>

#include "driver.h"
#include "fakes.h"
#include "unit.h"

#define DEVICE 3u
#define RINGS 0x100000u
#define DATA 0x120000u
#define DATA_BYTES 0x10000u
#define NEEDS_RESET (15u | 64u)

enum { RX, TX };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

static struct memory memory;
static struct platform *platform;
static struct driver driver;
static struct virtio_console *console;

static void setup_with(uint64_t features)
{
    struct platform_options options = {.memory = &memory, .ram_below_4g = 2 * PIECE_BYTES};
    fake_pieces(2);
    memset(memory_at(&memory, gpa(DATA), DATA_BYTES), 0, DATA_BYTES);
    platform_init(platform, &options);
    bus_attach_console(&platform->bus);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, features, 2, RINGS));
}

static void setup(void)
{
    setup_with(UINT64_MAX);
}

/* A buffer to send: @text, at @at. */
static void send(uint16_t n, uint64_t at, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    memcpy(driver_at(&driver, at), text, len);
    driver_descriptor(&driver, TX, n, at, len, 0, 0);
    driver_offer(&driver, TX, n);
    driver_notify(&driver, TX);
}

static void give_buffer(uint16_t n, uint64_t at, uint32_t bytes)
{
    driver_descriptor(&driver, RX, n, at, bytes, WRITE, 0);
    driver_offer(&driver, RX, n);
    driver_notify(&driver, RX);
}

/* Takes what there is now, @most at once. */
static const char *take(uint64_t most)
{
    static char text[256];
    uint64_t len, done = 0;
    const uint8_t *bytes;
    while ((len = virtio_console_output(console, &bytes)) != 0) {
        len = min_u64(len, most);
        CHECK(done + len < sizeof text);
        memcpy(text + done, bytes, len);
        done += len;
        virtio_console_sent(console, len);
    }
    virtio_console_settle(console);
    text[done] = 0;
    return text;
}

static uint32_t used_len(uint32_t queue, uint16_t index)
{
    uint32_t id, len;
    driver_used_entry(&driver, queue, index, &id, &len);
    return len;
}

static uint64_t give(const char *text)
{
    uint64_t room = virtio_console_room(console);
    if (room != 0) {
        virtio_console_input(console, (const uint8_t *)text, min_u64(room, strlen(text)));
        virtio_console_settle(console);
    }
    return room;
}

static void test_console__is_a_plain_console_of_one_port(void)
{
    setup();
    CHECK_EQ(driver_config(&driver, 0x00, 4), 0x10431af4);
    CHECK_EQ(driver_config(&driver, 0x08, 4), 0x07800001);
    CHECK_EQ(driver.features, VIRTIO_F_COMMON); /* no size, no more ports, no emergency output */
    CHECK_EQ(driver_in(&driver, 0x12, 2), 2);
    driver_out(&driver, 0x14, 1, 0);
    CHECK_EQ(driver_in(&driver, 0x18, 2), 16);
    driver_out(&driver, 0x16, 2, 2);
    CHECK_EQ(driver_in(&driver, 0x18, 2), 0);
}

static void test_console__a_notification_asks_for_a_look(void)
{
    setup();
    platform->bus.attention = false;
    send(0, DATA, "x");
    CHECK(platform->bus.attention);
    CHECK_EQ(driver_used(&driver, TX), 0); /* whoever looks takes it */
    CHECK_TEXT(take(100), "x");
    platform->bus.attention = false;
    (void)bus_work(&platform->bus);
    CHECK(platform->bus.attention); /* for the interrupt */
    CHECK(driver_interrupted(&driver, 0x51));
}

static void test_console__what_is_sent_comes_out_in_order(void)
{
    setup();
    send(0, DATA, "one ");
    send(1, DATA + 100, "two ");
    send(2, DATA + 200, "three");
    CHECK_TEXT(take(3), "one two three");
    CHECK_EQ(driver_used(&driver, TX), 3);
    CHECK_EQ(used_len(TX, 0), 0);
    CHECK(driver_interrupted(&driver, 0x51));
    CHECK_EQ(console->sent, 13);
    CHECK_TEXT(take(100), "");
}

static void test_console__a_buffer_is_returned_when_all_of_it_is_out(void)
{
    const uint8_t *bytes;
    setup();
    memcpy(driver_at(&driver, DATA), "abcdef", 6);
    driver_descriptor(&driver, TX, 0, DATA, 2, NEXT, 1);
    driver_descriptor(&driver, TX, 1, DATA + 2, 1, NEXT, 2);
    driver_descriptor(&driver, TX, 2, DATA + 3, 3, 0, 0);
    driver_offer(&driver, TX, 0);
    driver_notify(&driver, TX);
    CHECK_EQ(virtio_console_output(console, &bytes), 2);
    virtio_console_sent(console, 1);
    CHECK_EQ(virtio_console_output(console, &bytes), 1);
    CHECK_EQ(*bytes, 'b');
    CHECK_EQ(driver_used(&driver, TX), 0);
    CHECK_EQ(driver_available_event(&driver, TX), 0); /* nothing more is needed meanwhile */
    CHECK_TEXT(take(100), "bcdef");
    CHECK_EQ(driver_used(&driver, TX), 1);
    CHECK_EQ(driver_available_event(&driver, TX), 1); /* asked for */
}

static void test_console__a_table_of_buffers_is_sent(void)
{
    struct virtqueue_descriptor table[2] = {{DATA + 64, 3, NEXT, 1}, {DATA + 100, 2, 0, 0}};
    setup();
    memcpy(driver_at(&driver, DATA), table, sizeof table);
    memcpy(driver_at(&driver, DATA + 64), "abc", 3);
    memcpy(driver_at(&driver, DATA + 100), "de", 2);
    driver_descriptor(&driver, TX, 0, DATA, sizeof table, INDIRECT, 0);
    driver_offer(&driver, TX, 0);
    driver_notify(&driver, TX);
    CHECK_TEXT(take(100), "abcde");
}

static void test_console__what_nobody_takes_is_dropped_at_once(void)
{
    const uint8_t *bytes;
    setup();
    send(0, DATA, "lost words");
    CHECK_EQ(virtio_console_output(console, &bytes), 10);
    virtio_console_sent(console, 4);
    CHECK_EQ(virtio_console_output(console, &bytes), 6);
    CHECK_EQ(virtio_console_drop(console), 6);
    CHECK_EQ(console->sent, 4);
    CHECK_EQ(driver_used(&driver, TX), 1);
    send(1, DATA, "next");
    CHECK_TEXT(take(100), "next");
}

static void test_console__input_fills_the_next_buffer(void)
{
    uint32_t id, len;
    setup();
    CHECK_EQ(give("x"), 0);
    driver_descriptor(&driver, RX, 5, DATA, 3, WRITE | NEXT, 6);
    driver_descriptor(&driver, RX, 6, DATA + 100, 8, WRITE, 0);
    driver_offer(&driver, RX, 5);
    driver_notify(&driver, RX);
    CHECK_EQ(give("typed"), 11);
    CHECK_EQ(driver_used(&driver, RX), 1);
    driver_used_entry(&driver, RX, 0, &id, &len);
    CHECK_EQ(id, 5);
    CHECK_EQ(len, 5);
    CHECK(memcmp(driver_at(&driver, DATA), "typ", 4) == 0);
    CHECK(memcmp(driver_at(&driver, DATA + 100), "ed", 3) == 0);
    CHECK(driver_interrupted(&driver, 0x50));
    CHECK_EQ(console->received, 5);
    CHECK_EQ(give("x"), 0);
}

static void test_console__a_buffer_without_input_stays_where_it_was(void)
{
    setup();
    give_buffer(0, DATA, 4);
    CHECK_EQ(virtio_console_room(console), 4);
    virtio_console_input(console, NULL, 0);
    CHECK_EQ(driver_used(&driver, RX), 0);
    give_buffer(1, DATA + 100, 4);
    CHECK_EQ(give("a"), 4);
    CHECK_EQ(give("b"), 4);
    CHECK_EQ(driver_used(&driver, RX), 2);
    CHECK_EQ(*driver_at(&driver, DATA), 'a');
    CHECK_EQ(*driver_at(&driver, DATA + 100), 'b');
}

static void test_console__notifies_only_while_it_waits(void)
{
    setup();
    CHECK_EQ(give("x"), 0);
    CHECK_EQ(driver_available_event(&driver, RX), 0); /* for the first buffer */
    give_buffer(0, DATA, 4);
    CHECK_EQ(give("x"), 4);
    CHECK_EQ(driver_available_event(&driver, RX), 0); /* not for the second */
    CHECK_EQ(give("x"), 0);
    CHECK_EQ(driver_available_event(&driver, RX), 1);
    setup_with(VIRTIO_F_VERSION_1); /* without event indices a flag says it */
    give_buffer(0, DATA, 4);
    CHECK_EQ(give("x"), 4);
    CHECK_EQ(*driver_at(&driver, driver.queue[RX].device), 1);
    CHECK_EQ(give("x"), 0);
    CHECK_EQ(*driver_at(&driver, driver.queue[RX].device), 0);
}

static void check_broken(void)
{
    const uint8_t *bytes;
    CHECK_EQ(virtio_console_output(console, &bytes), 0);
    CHECK_EQ(give("x"), 0);
    CHECK_EQ(driver_in(&driver, 0x14, 1), NEEDS_RESET);
    CHECK_EQ(driver_used(&driver, TX), 0);
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK(driver_interrupted(&driver, 0x4f));
}

static void test_console__a_buffer_to_write_is_not_sent(void)
{
    setup();
    driver_descriptor(&driver, TX, 0, DATA, 4, WRITE, 0);
    driver_offer(&driver, TX, 0);
    driver_notify(&driver, TX);
    check_broken();
    setup();
    driver_descriptor(&driver, TX, 0, DATA, 4, NEXT, 1);
    driver_descriptor(&driver, TX, 1, DATA, 4, WRITE, 0);
    driver_offer(&driver, TX, 0);
    driver_notify(&driver, TX);
    check_broken();
}

static void test_console__a_buffer_to_read_is_not_received_into(void)
{
    setup();
    driver_descriptor(&driver, RX, 0, DATA, 4, 0, 0);
    driver_offer(&driver, RX, 0);
    driver_notify(&driver, RX);
    check_broken();
    setup();
    driver_descriptor(&driver, RX, 0, DATA, 4, NEXT, 1);
    driver_descriptor(&driver, RX, 1, DATA, 4, WRITE, 0);
    driver_offer(&driver, RX, 0);
    driver_notify(&driver, RX);
    check_broken();
    CHECK_EQ(*driver_at(&driver, DATA), 0);
}

static void test_console__a_chain_that_cannot_be_stops_it(void)
{
    static const struct virtqueue_descriptor wrong[] = {
        {DATA, 4, NEXT, 0},        /* a loop */
        {DATA, 0, 0, 0},           /* of no length */
        {DATA, UINT32_MAX, 0, 0},  /* of 4 GiB */
        {UINT64_MAX - 3, 4, 0, 0}, /* outside */
        {DATA, 4, NEXT, 16},       /* behind the table */
        {DATA, 16, INDIRECT, 0},   /* a table in a table */
    };
    for (uint32_t queue = RX; queue <= TX; queue++) {
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
            setup();
            memcpy(driver_at(&driver, DATA), &wrong[5], sizeof wrong[5]);
            driver_descriptor(&driver, queue, 0, wrong[i].address, wrong[i].len,
                              (uint16_t)(wrong[i].flags | (queue == RX && i != 5 ? WRITE : 0)),
                              wrong[i].next);
            driver_offer(&driver, queue, 0);
            driver_notify(&driver, queue);
            check_broken();
        }
        setup();
        for (uint32_t i = 0; i <= 16; i++) {
            driver_offer(&driver, queue, 0); /* an index that ran away */
        }
        check_broken();
    }
}

/* What was on its way belongs to the driver again; nothing of it is returned, and nothing more of it goes out. */
static void test_console__a_reset_forgets_what_was_on_its_way(void)
{
    const uint8_t *bytes;
    setup();
    send(0, DATA, "old words");
    give_buffer(0, DATA + 100, 4);
    CHECK_EQ(virtio_console_output(console, &bytes), 9);
    virtio_console_sent(console, 4);
    CHECK_EQ(virtio_console_room(console), 4);
    virtio_console_input(console, NULL, 0);
    driver_out(&driver, 0x14, 1, 0);
    CHECK_EQ(virtio_console_output(console, &bytes), 0);
    CHECK_EQ(give("x"), 0);
    CHECK(driver_start(&driver, platform, &memory, DEVICE, UINT64_MAX, 2, RINGS));
    CHECK_EQ(virtio_console_output(console, &bytes), 0);
    CHECK_EQ(give("x"), 0);
    CHECK_EQ(driver_used(&driver, TX), 0);
    CHECK_EQ(driver_used(&driver, RX), 0);
    CHECK_EQ(*driver_at(&driver, DATA + 100), 0);
    send(0, DATA, "new");
    CHECK_TEXT(take(100), "new");
}

static void test_console__a_device_that_is_no_bus_master_moves_nothing(void)
{
    const uint8_t *bytes;
    setup();
    send(0, DATA, "words");
    give_buffer(0, DATA + 100, 4);
    CHECK_EQ(virtio_console_output(console, &bytes), 5);
    virtio_console_sent(console, 2);
    driver_config_write(&driver, 0x04, 2, 3);
    CHECK_EQ(virtio_console_output(console, &bytes), 0);
    CHECK_EQ(give("x"), 0);
    driver_config_write(&driver, 0x04, 2, 7);
    CHECK_TEXT(take(100), "rds");
    CHECK_EQ(give("x"), 4);
}

int main(void)
{
    platform = calloc(1, sizeof *platform);
    console = &platform->bus.console;
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_console__is_a_plain_console_of_one_port);
    RUN(test_console__a_notification_asks_for_a_look);
    RUN(test_console__what_is_sent_comes_out_in_order);
    RUN(test_console__a_buffer_is_returned_when_all_of_it_is_out);
    RUN(test_console__a_table_of_buffers_is_sent);
    RUN(test_console__what_nobody_takes_is_dropped_at_once);
    RUN(test_console__input_fills_the_next_buffer);
    RUN(test_console__a_buffer_without_input_stays_where_it_was);
    RUN(test_console__notifies_only_while_it_waits);
    RUN(test_console__a_buffer_to_write_is_not_sent);
    RUN(test_console__a_buffer_to_read_is_not_received_into);
    RUN(test_console__a_chain_that_cannot_be_stops_it);
    RUN(test_console__a_reset_forgets_what_was_on_its_way);
    RUN(test_console__a_device_that_is_no_bus_master_moves_nothing);
    fake_memory_free(&memory);
    free(platform);
    return UNIT_RESULT();
}
