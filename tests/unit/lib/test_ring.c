/* Byte rings against a peer that may write anything into the shared page. */
#include "ring.h"

#include <stdlib.h>

#include "unit.h"

static struct console_channel channel;
static struct ring writer, reader;

static void open_both(uint32_t start)
{
    memset(&channel, 0, sizeof channel);
    channel.a_to_b_head = channel.a_to_b_tail = start;
    ring_open_writer(&writer, &channel, RING_END_A);
    ring_open_reader(&reader, &channel, RING_END_B);
}

static void test_ring__bytes_arrive_in_order_across_wraps(void)
{
    uint8_t out[1000], in[1000];
    uint8_t next_out = 0, next_in = 0;
    open_both(UINT32_MAX - 4096); /* the counters wrap too */
    for (unsigned round = 0; round < 100; round++) {
        size_t len = (round * 37) % sizeof out;
        for (size_t i = 0; i < len; i++) {
            out[i] = next_out++;
        }
        CHECK_EQ(ring_write(&writer, out, len), len);
        size_t got = ring_read(&reader, in, sizeof in);
        CHECK_EQ(got, len);
        for (size_t i = 0; i < got; i++) {
            CHECK_EQ(in[i], next_in);
            next_in++;
        }
    }
}

static void test_ring__full_and_whole(void)
{
    static uint8_t big[9000];
    open_both(0);
    CHECK_EQ(ring_space(&writer), 8192);
    CHECK(!ring_write_whole(&writer, big, 8193));
    CHECK_EQ(ring_pending(&reader), 0);
    CHECK(ring_write_whole(&writer, big, 8192));
    CHECK_EQ(ring_space(&writer), 0);
    CHECK_EQ(ring_write(&writer, big, 1), 0);
    CHECK_EQ(ring_read(&reader, big, 10), 10);
    CHECK_EQ(ring_write(&writer, big, 100), 10);
}

static void test_ring__b_to_a_has_its_own_capacity(void)
{
    struct ring back, front;
    open_both(0);
    ring_open_writer(&back, &channel, RING_END_B);
    ring_open_reader(&front, &channel, RING_END_A);
    CHECK_EQ(ring_space(&back), 4096);
    CHECK_EQ(ring_write(&back, "hi", 2), 2);
    CHECK_EQ(ring_pending(&front), 2);
    CHECK_EQ(ring_pending(&reader), 0);
}

static void test_ring__hostile_head_is_counted_and_skipped(void)
{
    uint8_t in[16];
    open_both(0);
    channel.a_to_b_head = 8193;
    CHECK_EQ(ring_read(&reader, in, sizeof in), 0);
    CHECK_EQ(reader.corruptions, 1);
    /* It begins again where the writer claims to be. */
    channel.a_to_b_head = 8195;
    CHECK_EQ(ring_read(&reader, in, sizeof in), 2);
    CHECK_EQ(reader.corruptions, 1);
}

static void test_ring__hostile_tail_makes_it_full(void)
{
    open_both(100);
    channel.a_to_b_tail = 101;
    CHECK_EQ(ring_space(&writer), 0);
    CHECK_EQ(ring_write(&writer, "x", 1), 0);
    CHECK_EQ(writer.corruptions, 2);
}

static void test_ring__own_counter_in_the_page_is_not_believed(void)
{
    uint8_t in[8];
    open_both(0);
    CHECK_EQ(ring_write(&writer, "abc", 3), 3);
    channel.a_to_b_head = 77; /* the peer writes the other's counter */
    CHECK_EQ(ring_write(&writer, "d", 1), 1);
    CHECK_EQ(channel.a_to_b_head, 4);
    CHECK_EQ(ring_read(&reader, in, sizeof in), 4);
    CHECK(memcmp(in, "abcd", 4) == 0);
}

static void test_ring__capacity_in_the_page_is_not_believed(void)
{
    open_both(0);
    channel.capacity = UINT32_MAX;
    CHECK_EQ(ring_space(&writer), 8192);
}

static void test_ring__a_new_epoch_starts_over(void)
{
    uint8_t in[8];
    open_both(0);
    CHECK_EQ(ring_write(&writer, "old", 3), 3);
    memset(&channel, 0, sizeof channel);
    channel.epoch = 1;
    CHECK_EQ(ring_pending(&reader), 0);
    CHECK_EQ(ring_write(&writer, "new", 3), 3);
    CHECK_EQ(channel.a_to_b_head, 3);
    CHECK_EQ(ring_read(&reader, in, sizeof in), 3);
    CHECK(memcmp(in, "new", 3) == 0);
    CHECK_EQ(reader.corruptions + writer.corruptions, 0);
}

int main(void)
{
    RUN(test_ring__bytes_arrive_in_order_across_wraps);
    RUN(test_ring__full_and_whole);
    RUN(test_ring__b_to_a_has_its_own_capacity);
    RUN(test_ring__hostile_head_is_counted_and_skipped);
    RUN(test_ring__hostile_tail_makes_it_full);
    RUN(test_ring__own_counter_in_the_page_is_not_believed);
    RUN(test_ring__capacity_in_the_page_is_not_believed);
    RUN(test_ring__a_new_epoch_starts_over);
    return UNIT_RESULT();
}
