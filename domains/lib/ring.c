#include "ring.h"

#include <string.h>

#define A_TO_B_BYTES ((uint32_t)sizeof(((struct console_channel *)0)->a_to_b))
#define B_TO_A_BYTES ((uint32_t)sizeof(((struct console_channel *)0)->b_to_a))
_Static_assert((A_TO_B_BYTES & (A_TO_B_BYTES - 1)) == 0, "free-running counters need a power of two");
_Static_assert((B_TO_A_BYTES & (B_TO_A_BYTES - 1)) == 0, "free-running counters need a power of two");

/* Loads and stores of counters order the bytes around them: acquire and release, which x86 does by itself
 * ([SDM-2023-09] Vol 3A 9.2) once the compiler is told. */
static uint32_t load(const volatile uint32_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

static void store(volatile uint32_t *counter, uint32_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static void ring_open(struct ring *ring, struct console_channel *channel, bool a_to_b)
{
    ring->bytes = a_to_b ? channel->a_to_b : channel->b_to_a;
    ring->capacity = a_to_b ? A_TO_B_BYTES : B_TO_A_BYTES;
    ring->epoch = &channel->epoch;
    ring->epoch_seen = load(ring->epoch);
    ring->corruptions = 0;
}

void ring_open_writer(struct ring *ring, struct console_channel *channel, enum ring_end end)
{
    bool a_to_b = end == RING_END_A;
    ring_open(ring, channel, a_to_b);
    ring->own = a_to_b ? &channel->a_to_b_head : &channel->b_to_a_head;
    ring->other = a_to_b ? &channel->a_to_b_tail : &channel->b_to_a_tail;
    ring->position = load(ring->own);
}

void ring_open_reader(struct ring *ring, struct console_channel *channel, enum ring_end end)
{
    bool a_to_b = end == RING_END_B;
    ring_open(ring, channel, a_to_b);
    ring->own = a_to_b ? &channel->a_to_b_tail : &channel->b_to_a_tail;
    ring->other = a_to_b ? &channel->a_to_b_head : &channel->b_to_a_head;
    ring->position = load(ring->own);
}

/* A new epoch: builder has zeroed the page. Any value of the own counter is a safe place to start from,
 * since positions are only ever used modulo the capacity. */
static void follow_epoch(struct ring *ring)
{
    uint32_t epoch = load(ring->epoch);
    if (epoch != ring->epoch_seen) {
        ring->epoch_seen = epoch;
        ring->position = load(ring->own);
    }
}

uint32_t ring_space(struct ring *ring)
{
    follow_epoch(ring);
    uint32_t used = ring->position - load(ring->other);
    if (used > ring->capacity) {
        ring->corruptions++;
        return 0;
    }
    return ring->capacity - used;
}

uint32_t ring_pending(struct ring *ring)
{
    follow_epoch(ring);
    uint32_t head = load(ring->other);
    uint32_t pending = head - ring->position;
    if (pending > ring->capacity) {
        /* Nothing between the two counters can be trusted: begin again where the writer says it is. */
        ring->corruptions++;
        ring->position = head;
        store(ring->own, head);
        return 0;
    }
    return pending;
}

static uint32_t smaller(size_t wanted, uint32_t there)
{
    return wanted < there ? (uint32_t)wanted : there;
}

/* Bytes from @position to the end of the array, at most @count: the first of two pieces. */
static uint32_t first_piece(const struct ring *ring, uint32_t count)
{
    return smaller(count, ring->capacity - (ring->position & (ring->capacity - 1)));
}

/* The bytes are shared, yet plain copies do: each is read or written once, and nothing is decided by them
 * here. */
static uint8_t *ring_at(const struct ring *ring, uint32_t offset)
{
    return (uint8_t *)(uintptr_t)&ring->bytes[(ring->position + offset) & (ring->capacity - 1)];
}

/* @count is at most the space found by the caller, who alone decides: the other side's counter is not read
 * a second time. */
static void put(struct ring *ring, const void *data, uint32_t count)
{
    uint32_t first = first_piece(ring, count);
    memcpy(ring_at(ring, 0), data, first);
    memcpy(ring_at(ring, first), (const uint8_t *)data + first, count - first);
    ring->position += count;
    store(ring->own, ring->position);
}

size_t ring_write(struct ring *ring, const void *data, size_t len_bytes)
{
    uint32_t count = smaller(len_bytes, ring_space(ring));
    put(ring, data, count);
    return count;
}

size_t ring_read(struct ring *ring, void *data, size_t len_bytes)
{
    uint32_t count = smaller(len_bytes, ring_pending(ring));
    uint32_t first = first_piece(ring, count);
    memcpy(data, ring_at(ring, 0), first);
    memcpy((uint8_t *)data + first, ring_at(ring, first), count - first);
    ring->position += count;
    store(ring->own, ring->position);
    return count;
}

bool ring_write_whole(struct ring *ring, const void *data, size_t len_bytes)
{
    if (ring_space(ring) < len_bytes) {
        return false;
    }
    put(ring, data, (uint32_t)len_bytes);
    return true;
}

void channel_status_write(struct console_channel *channel, uint64_t status)
{
    __atomic_store_n(&channel->status, status, __ATOMIC_RELEASE);
}

uint64_t channel_status_read(const struct console_channel *channel)
{
    return __atomic_load_n(&channel->status, __ATOMIC_ACQUIRE);
}
