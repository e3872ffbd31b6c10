/* What a hostile driver can write into a ring, and what becomes of it. */
#include <pthread.h>
#include <stdatomic.h>

#include "fakes.h"
#include "unit.h"
#include "virtqueue.h"

#define SIZE 8u
#define TABLE 0x10000u
#define AVAILABLE 0x11000u
#define USED 0x12000u
#define INDIRECT_TABLE 0x13000u
#define DATA 0x20000u

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

static struct memory memory;
static struct virtqueue queue;
static struct virtqueue_chain chain;

static uint8_t *at(uint64_t address)
{
    return memory_at(&memory, gpa(address), 1);
}

static void setup(void)
{
    memset(memory_at(&memory, gpa(TABLE), 0x10000), 0, 0x10000);
    virtqueue_init(&queue, &memory, SIZE);
    queue.descriptors = TABLE;
    queue.driver = AVAILABLE;
    queue.device = USED;
    queue.event_index = queue.indirect = true;
    CHECK(virtqueue_enable(&queue));
}

static void put(uint64_t table, uint32_t index, uint64_t address, uint32_t len, uint16_t flags, uint16_t next)
{
    struct virtqueue_descriptor descriptor = {address, len, flags, next};
    memcpy(at(table + 16 * index), &descriptor, sizeof descriptor);
}

static void set_u16(uint64_t address, uint16_t value)
{
    memcpy(at(address), &value, 2);
}

static uint16_t get_u16(uint64_t address)
{
    uint16_t value;
    memcpy(&value, at(address), 2);
    return value;
}

static void offer(uint16_t head)
{
    uint16_t index = get_u16(AVAILABLE + 2);
    set_u16(AVAILABLE + 4 + 2u * (index % SIZE), head);
    set_u16(AVAILABLE + 2, (uint16_t)(index + 1));
}

/* The chain at descriptor 0 must be refused, and the queue with it, for good. */
static void refused(const char *why)
{
    offer(0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    CHECK_TEXT(queue.broken, why);
    put(TABLE, 1, DATA, 16, 0, 0);
    offer(1);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    CHECK_EQ(get_u16(USED + 2), 0);
}

static void test_virtqueue__a_chain_is_read_as_it_was_written(void)
{
    setup();
    put(TABLE, 3, DATA, 16, NEXT, 5);
    put(TABLE, 5, DATA + 4096, 512, NEXT | WRITE, 1);
    put(TABLE, 1, DATA + 8192, 1, WRITE, 0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_EMPTY);
    offer(3);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_CHAIN);
    CHECK_EQ(chain.head, 3);
    CHECK_EQ(chain.readable, 1);
    CHECK_EQ(chain.writable, 2);
    CHECK_EQ(chain.readable_bytes, 16);
    CHECK_EQ(chain.writable_bytes, 513);
    CHECK(chain.segment[1].at == at(DATA + 4096));
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_EMPTY);
    virtqueue_return(&queue, 3, 513);
    CHECK_EQ(get_u16(USED + 2), 1);
    CHECK_EQ(get_u16(USED + 4), 3);
    CHECK_EQ(get_u16(USED + 8), 513);
}

static void test_virtqueue__an_indirect_table_may_end_a_chain(void)
{
    setup();
    put(TABLE, 0, DATA, 16, NEXT, 1);
    put(TABLE, 1, INDIRECT_TABLE, 32, INDIRECT | WRITE, 77);
    put(INDIRECT_TABLE, 0, DATA + 512, 512, NEXT, 1);
    put(INDIRECT_TABLE, 1, DATA + 1024, 1, WRITE, 9);
    offer(0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_CHAIN);
    CHECK_EQ(chain.readable, 2);
    CHECK_EQ(chain.writable, 1);
}

static void test_virtqueue__a_loop_ends(void)
{
    setup();
    put(TABLE, 0, DATA, 16, NEXT, 1);
    put(TABLE, 1, DATA, 16, NEXT, 0);
    refused("a chain that is too long, or a loop");
    setup();
    put(TABLE, 0, INDIRECT_TABLE, 32, INDIRECT, 0);
    put(INDIRECT_TABLE, 0, DATA, 16, NEXT, 1);
    put(INDIRECT_TABLE, 1, DATA, 16, NEXT, 0);
    refused("a chain that is too long, or a loop");
}

static void test_virtqueue__descriptors_stay_in_their_table(void)
{
    setup();
    put(TABLE, 0, DATA, 16, NEXT, SIZE);
    refused("a descriptor outside its table");
    setup();
    offer(SIZE);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    CHECK_TEXT(queue.broken, "a descriptor outside its table");
    setup();
    put(TABLE, 0, INDIRECT_TABLE, 32, INDIRECT, 0);
    put(INDIRECT_TABLE, 0, DATA, 16, NEXT, 2);
    refused("a next descriptor outside its table");
}

static void test_virtqueue__indirect_tables_that_may_not_be(void)
{
    static const struct {
        uint32_t len;
        uint16_t flags;
    } tables[] = {{0, INDIRECT}, {24, INDIRECT}, {UINT32_MAX, INDIRECT}, {32, INDIRECT | NEXT}};
    for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
        setup();
        put(TABLE, 0, INDIRECT_TABLE, tables[i].len, tables[i].flags, 1);
        put(INDIRECT_TABLE, 0, DATA, 16, 0, 0);
        refused("an indirect table that may not be");
    }
    setup();
    put(TABLE, 0, 2 * PIECE_BYTES - 16, 32, INDIRECT, 0);
    refused("an indirect table outside memory");
    setup();
    put(TABLE, 0, INDIRECT_TABLE, 16, INDIRECT, 0);
    put(INDIRECT_TABLE, 0, INDIRECT_TABLE, 16, INDIRECT, 0);
    refused("an indirect table in an indirect table");
    setup();
    queue.indirect = false;
    put(TABLE, 0, INDIRECT_TABLE, 16, INDIRECT, 0);
    put(INDIRECT_TABLE, 0, DATA, 16, 0, 0);
    refused("an indirect table that may not be");
}

static void test_virtqueue__buffers_outside_memory_or_of_no_length(void)
{
    static const struct {
        uint64_t address;
        uint32_t len;
    } outside[] = {{2 * PIECE_BYTES, 16},   {2 * PIECE_BYTES - 8, 16}, {UINT64_MAX - 7, 16},
                   {DATA, UINT32_MAX},      {0xfee00000, 4},           {0xe0000000, 4},
                   {UINT64_MAX, UINT32_MAX}};
    for (size_t i = 0; i < ARRAY_COUNT(outside); i++) {
        setup();
        put(TABLE, 0, outside[i].address, outside[i].len, WRITE, 0);
        refused("a descriptor outside memory");
    }
    setup();
    put(TABLE, 0, DATA, 0, 0, 0);
    refused("a descriptor of no length");
}

static void test_virtqueue__what_is_read_stands_first(void)
{
    setup();
    put(TABLE, 0, DATA, 16, NEXT | WRITE, 1);
    put(TABLE, 1, DATA, 16, 0, 0);
    refused("a buffer to read behind one to write");
}

static void test_virtqueue__an_index_that_runs_away_or_backwards(void)
{
    setup();
    set_u16(AVAILABLE + 2, SIZE + 1);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    CHECK_TEXT(queue.broken, "an available index that ran away");
    setup();
    put(TABLE, 0, DATA, 16, 0, 0);
    offer(0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_CHAIN);
    set_u16(AVAILABLE + 2, 0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    setup(); /* the index wraps at 16 bits without harm */
    for (uint32_t i = 0; i < 70000; i++) {
        put(TABLE, 0, DATA, 16, 0, 0);
        offer(0);
        if (virtqueue_take(&queue, &chain) != VIRTQUEUE_CHAIN) {
            CHECK(false);
            return;
        }
        virtqueue_return(&queue, 0, 0);
    }
}

static void test_virtqueue__what_was_taken_does_not_change_any_more(void)
{
    setup();
    put(TABLE, 0, DATA, 16, NEXT, 1);
    put(TABLE, 1, DATA + 512, 64, WRITE, 0);
    offer(0);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_CHAIN);
    put(TABLE, 1, UINT64_MAX, UINT32_MAX, WRITE, 0);
    put(TABLE, 0, UINT64_MAX, UINT32_MAX, 0, 0);
    CHECK(chain.segment[1].at == at(DATA + 512));
    CHECK_EQ(chain.segment[1].len, 64);
    queue.descriptors = queue.device = UINT64_MAX; /* nor where the ring is */
    virtqueue_return(&queue, 0, 0);
    CHECK_EQ(get_u16(USED + 2), 1);
}

static atomic_bool flipping;

static void *flip(void *argument)
{
    volatile uint32_t *len = argument;
    while (flipping) {
        *len = 16;
        *len = UINT32_MAX;
    }
    return NULL;
}

/* Another processor of the guest changes a length all the time: what was checked is what is used. */
static void test_virtqueue__what_changes_while_it_is_read_is_looked_at_once(void)
{
    enum { LEAST = 2000000, MOST = 200000000 };
    uint32_t taken = 0, refused = 0;
    pthread_t other;
    setup();
    put(TABLE, 0, DATA, 16, WRITE, 0);
    flipping = true;
    CHECK_EQ(pthread_create(&other, NULL, flip, at(TABLE + 8)), 0);
    for (uint32_t i = 0; i < MOST && (i < LEAST || taken == 0 || refused == 0); i++) {
        queue.broken = NULL;
        queue.taken = 0;
        queue.taken_limit = 1;
        if (virtqueue_take(&queue, &chain) == VIRTQUEUE_CHAIN) {
            taken++;
            if (chain.segment[0].len != 16 || chain.writable_bytes != 16) {
                CHECK(false);
                break;
            }
        } else {
            refused++;
        }
    }
    flipping = false;
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK(taken != 0 && refused != 0);
}

static void test_virtqueue__a_ring_must_lie_in_memory_and_be_aligned(void)
{
    static const struct {
        uint64_t descriptors, driver, device;
        uint16_t size;
        const char *why;
    } rings[] = {
        {TABLE + 8, AVAILABLE, USED, 8, "a ring that is not aligned"},
        {TABLE, AVAILABLE + 1, USED, 8, "a ring that is not aligned"},
        {TABLE, AVAILABLE, USED + 2, 8, "a ring that is not aligned"},
        {2 * PIECE_BYTES - 16, AVAILABLE, USED, 8, "a ring outside memory"},
        {TABLE, 2 * PIECE_BYTES - 20, USED, 8, "a ring outside memory"},
        {TABLE, AVAILABLE, 2 * PIECE_BYTES - 68, 8, "a ring outside memory"},
        {UINT64_MAX - 15, AVAILABLE, USED, 8, "a ring outside memory"},
        {TABLE, AVAILABLE, USED, 0, "a size that is no power of two, or too large"},
        {TABLE, AVAILABLE, USED, 7, "a size that is no power of two, or too large"},
        {TABLE, AVAILABLE, USED, 16, "a size that is no power of two, or too large"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rings); i++) {
        virtqueue_init(&queue, &memory, SIZE);
        queue.descriptors = rings[i].descriptors;
        queue.driver = rings[i].driver;
        queue.device = rings[i].device;
        queue.size = rings[i].size;
        CHECK(!virtqueue_enable(&queue));
        CHECK_TEXT(queue.broken, rings[i].why);
        CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_BROKEN);
    }
    virtqueue_init(&queue, &memory, SIZE);
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_EMPTY);
}

static void test_virtqueue__events_decide_about_interrupts(void)
{
    setup();
    CHECK(!virtqueue_wants_interrupt(&queue));
    set_u16(AVAILABLE + 4 + 2 * SIZE, 2);
    virtqueue_return(&queue, 0, 0);
    CHECK(!virtqueue_wants_interrupt(&queue));
    virtqueue_return(&queue, 0, 0);
    CHECK(!virtqueue_wants_interrupt(&queue));
    virtqueue_return(&queue, 0, 0);
    CHECK(virtqueue_wants_interrupt(&queue));
    CHECK(!virtqueue_wants_interrupt(&queue));
    setup();
    queue.event_index = false;
    virtqueue_return(&queue, 0, 0);
    CHECK(virtqueue_wants_interrupt(&queue));
    set_u16(AVAILABLE, 1);
    virtqueue_return(&queue, 0, 0);
    CHECK(!virtqueue_wants_interrupt(&queue));
}

static void test_virtqueue__asking_for_notifications(void)
{
    setup();
    put(TABLE, 0, DATA, 16, 0, 0);
    offer(0);
    CHECK(!virtqueue_sleep(&queue, 0));
    CHECK_EQ(virtqueue_take(&queue, &chain), VIRTQUEUE_CHAIN);
    CHECK(virtqueue_sleep(&queue, 0));
    CHECK_EQ(get_u16(USED + 4 + 8 * SIZE), 1);
    CHECK(virtqueue_sleep(&queue, 3));
    CHECK_EQ(get_u16(USED + 4 + 8 * SIZE), 4);
    virtqueue_mute(&queue);
    CHECK_EQ(get_u16(USED + 4 + 8 * SIZE), 0);
    setup();
    queue.event_index = false;
    virtqueue_mute(&queue);
    CHECK_EQ(get_u16(USED), 1);
    CHECK(virtqueue_sleep(&queue, 0));
    CHECK_EQ(get_u16(USED), 0);
}

static void test_virtqueue__bytes_are_spread_over_segments(void)
{
    uint8_t in[10] = "abcdefghi", out[10] = {0};
    struct virtqueue_segment segments[] = {{at(DATA), 3}, {at(DATA + 100), 4}, {at(DATA + 200), 2}};
    setup();
    CHECK_EQ(virtqueue_scatter(segments, 3, 1, in, 10), 8);
    CHECK(memcmp(at(DATA + 1), "ab", 2) == 0);
    CHECK(memcmp(at(DATA + 100), "cdef", 4) == 0);
    CHECK(memcmp(at(DATA + 200), "gh", 3) == 0);
    CHECK_EQ(virtqueue_gather(segments, 3, 4, out, 3), 3);
    CHECK(memcmp(out, "def", 4) == 0);
    CHECK_EQ(virtqueue_gather(segments, 3, 9, out, 3), 0);
}

int main(void)
{
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    RUN(test_virtqueue__a_chain_is_read_as_it_was_written);
    RUN(test_virtqueue__an_indirect_table_may_end_a_chain);
    RUN(test_virtqueue__a_loop_ends);
    RUN(test_virtqueue__descriptors_stay_in_their_table);
    RUN(test_virtqueue__indirect_tables_that_may_not_be);
    RUN(test_virtqueue__buffers_outside_memory_or_of_no_length);
    RUN(test_virtqueue__what_is_read_stands_first);
    RUN(test_virtqueue__an_index_that_runs_away_or_backwards);
    RUN(test_virtqueue__what_was_taken_does_not_change_any_more);
    RUN(test_virtqueue__what_changes_while_it_is_read_is_looked_at_once);
    RUN(test_virtqueue__a_ring_must_lie_in_memory_and_be_aligned);
    RUN(test_virtqueue__events_decide_about_interrupts);
    RUN(test_virtqueue__asking_for_notifications);
    RUN(test_virtqueue__bytes_are_spread_over_segments);
    fake_memory_free(&memory);
    return UNIT_RESULT();
}
