/* [VIRTIO-1.2] 2.7: split virtqueues. */
#include "virtqueue.h"

#include <string.h>

#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_WRITE 2u
#define DESCRIPTOR_INDIRECT 4u
#define AVAILABLE_NO_INTERRUPT 1u
#define USED_NO_NOTIFY 1u

/* 2.7.6 and 2.7.8 in units of 16 bits. */
enum { RING_FLAGS, RING_INDEX, RING_FIRST };

_Static_assert(sizeof(struct virtqueue_descriptor) == 16, "[VIRTIO-1.2] 2.7.5");

static uint16_t load_u16_of(const volatile uint16_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static void store_u16_of(volatile uint16_t *at, uint16_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

void virtqueue_init(struct virtqueue *queue, struct memory *memory, uint16_t size_max)
{
    *queue = (struct virtqueue){.memory = memory, .size_max = size_max};
    virtqueue_reset(queue);
}

void virtqueue_reset(struct virtqueue *queue)
{
    *queue = (struct virtqueue){.memory = queue->memory,
                                .size_max = queue->size_max,
                                .size = queue->size_max,
                                .vector = VIRTQUEUE_NO_VECTOR,
                                .chains = queue->chains};
}

static bool broken(struct virtqueue *queue, const char *why)
{
    queue->broken = why;
    return false;
}

/* 2.7: sizes and alignments of the three parts. */
bool virtqueue_enable(struct virtqueue *queue)
{
    uint32_t size = queue->size;
    if (size == 0 || size > queue->size_max || (size & (size - 1)) != 0) {
        return broken(queue, "a size that is no power of two, or too large");
    }
    if (queue->descriptors % 16 != 0 || queue->driver % 2 != 0 || queue->device % 4 != 0) {
        return broken(queue, "a ring that is not aligned");
    }
    queue->table = memory_at(queue->memory, gpa(queue->descriptors), 16 * size);
    queue->available = memory_at(queue->memory, gpa(queue->driver), 6 + 2 * size);
    queue->used = memory_at(queue->memory, gpa(queue->device), 6 + 8 * size);
    if (queue->table == NULL || queue->available == NULL || queue->used == NULL) {
        return broken(queue, "a ring outside memory");
    }
    queue->enabled = true;
    return true;
}

/* A chain while it is read: nothing of it is looked up in memory twice. */
struct reading {
    uint32_t readable, writable;
    uint64_t readable_bytes, writable_bytes;
};

/* Adds the buffer of one descriptor. 2.7.4.2: what is read stands before what is written. */
static inline bool add_segment(struct virtqueue *queue, struct virtqueue_chain *chain,
                               struct reading *reading, const struct virtqueue_descriptor *descriptor)
{
    uint32_t count = reading->readable + reading->writable;
    if (count == VIRTQUEUE_SEGMENTS) {
        return broken(queue, "a chain that is too long, or a loop");
    }
    if (descriptor->len == 0) {
        return broken(queue, "a descriptor of no length");
    }
    uint8_t *at = memory_near(queue->memory, descriptor->address, descriptor->len);
    if (at == NULL) {
        return broken(queue, "a descriptor outside memory");
    }
    chain->segment[count] = (struct virtqueue_segment){at, descriptor->len};
    if ((descriptor->flags & DESCRIPTOR_WRITE) != 0) {
        reading->writable++;
        reading->writable_bytes += descriptor->len;
        return true;
    }
    if (reading->writable != 0) {
        return broken(queue, "a buffer to read behind one to write");
    }
    reading->readable++;
    reading->readable_bytes += descriptor->len;
    return true;
}

/* One look at memory that the guest may be changing. */
static inline struct virtqueue_descriptor copy_descriptor(const volatile struct virtqueue_descriptor *at)
{
    return (struct virtqueue_descriptor){at->address, at->len, at->flags, at->next};
}

/* 2.7.5.3: a table in guest memory, whose chain begins at its first entry. */
static inline bool add_indirect(struct virtqueue *queue, struct virtqueue_chain *chain,
                                struct reading *reading, const struct virtqueue_descriptor *table)
{
    uint32_t count = table->len / 16, index = 0;
    if (!queue->indirect || (table->flags & DESCRIPTOR_NEXT) != 0 || count == 0 || table->len % 16 != 0) {
        return broken(queue, "an indirect table that may not be");
    }
    const volatile struct virtqueue_descriptor *entries =
        memory_near(queue->memory, table->address, table->len);
    if (entries == NULL) {
        return broken(queue, "an indirect table outside memory");
    }
    for (;;) {
        struct virtqueue_descriptor descriptor = copy_descriptor(&entries[index]);
        if ((descriptor.flags & DESCRIPTOR_INDIRECT) != 0) {
            return broken(queue, "an indirect table in an indirect table");
        }
        if (!add_segment(queue, chain, reading, &descriptor)) {
            return false;
        }
        if ((descriptor.flags & DESCRIPTOR_NEXT) == 0) {
            return true;
        }
        index = descriptor.next;
        if (index >= count) {
            return broken(queue, "a next descriptor outside its table");
        }
    }
}

static inline bool read_descriptors(struct virtqueue *queue, struct virtqueue_chain *chain,
                                    struct reading *reading, uint32_t index)
{
    for (;;) {
        if (index >= queue->size) {
            return broken(queue, "a descriptor outside its table");
        }
        struct virtqueue_descriptor descriptor = copy_descriptor(&queue->table[index]);
        if ((descriptor.flags & DESCRIPTOR_INDIRECT) != 0) {
            return add_indirect(queue, chain, reading, &descriptor);
        }
        if (!add_segment(queue, chain, reading, &descriptor)) {
            return false;
        }
        if ((descriptor.flags & DESCRIPTOR_NEXT) == 0) {
            return true;
        }
        index = descriptor.next;
    }
}

static bool read_chain(struct virtqueue *queue, struct virtqueue_chain *chain, uint16_t head)
{
    struct reading reading = {0};
    bool whole = read_descriptors(queue, chain, &reading, head);
    chain->head = head;
    chain->readable = (uint16_t)reading.readable;
    chain->writable = (uint16_t)reading.writable;
    chain->readable_bytes = reading.readable_bytes;
    chain->writable_bytes = reading.writable_bytes;
    return whole;
}

/* Reads how far the driver is. It can never be further than the ring is long. */
static bool look(struct virtqueue *queue)
{
    uint16_t index = load_u16_of(&queue->available[RING_INDEX]);
    if ((uint16_t)(index - queue->taken) > queue->size) {
        return broken(queue, "an available index that ran away");
    }
    queue->taken_limit = index;
    return index != queue->taken;
}

enum virtqueue_taken virtqueue_take(struct virtqueue *queue, struct virtqueue_chain *chain)
{
    if (queue->broken != NULL) {
        return VIRTQUEUE_BROKEN;
    }
    if (!queue->enabled) {
        return VIRTQUEUE_EMPTY;
    }
    if (queue->taken == queue->taken_limit && !look(queue)) {
        return queue->broken != NULL ? VIRTQUEUE_BROKEN : VIRTQUEUE_EMPTY;
    }
    uint16_t head = queue->available[RING_FIRST + (queue->taken & (queue->size - 1u))];
    if (!read_chain(queue, chain, head)) {
        return VIRTQUEUE_BROKEN;
    }
    queue->taken++;
    queue->chains++;
    return VIRTQUEUE_CHAIN;
}

void virtqueue_untake(struct virtqueue *queue)
{
    queue->taken--;
    queue->chains--;
}

/* 2.7.8.2: the entry first, then the index. */
void virtqueue_return(struct virtqueue *queue, uint16_t head, uint32_t written)
{
    volatile uint32_t *entry =
        (volatile uint32_t *)&queue->used[RING_FIRST + 4u * (queue->returned & (queue->size - 1u))];
    /* Four-byte aligned: so is the ring, and its entries begin at byte 4. */
    entry[0] = head;
    entry[1] = written;
    queue->returned++;
    store_u16_of(&queue->used[RING_INDEX], queue->returned);
}

/* 2.7.7.1: between the used index and what the driver says of interrupts stands a full barrier. */
static bool wants(const struct virtqueue *queue)
{
    uint16_t before = queue->told, now = queue->returned;
    if (before == now) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queue->event_index) {
        return (load_u16_of(&queue->available[RING_FLAGS]) & AVAILABLE_NO_INTERRUPT) == 0;
    }
    uint16_t event = load_u16_of(&queue->available[RING_FIRST + queue->size]);
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

bool virtqueue_wants_interrupt(struct virtqueue *queue)
{
    bool wanted = wants(queue);
    queue->told = queue->returned;
    return wanted;
}

bool virtqueue_owes_interrupt(struct virtqueue *queue)
{
    bool wanted = wants(queue);
    queue->told = wanted ? queue->told : queue->returned;
    return wanted;
}

bool virtqueue_sleep(struct virtqueue *queue, uint16_t more)
{
    if (!queue->enabled || queue->broken != NULL) {
        return true;
    }
    if (queue->event_index) {
        store_u16_of(&queue->used[RING_FIRST + 4u * queue->size], (uint16_t)(queue->taken + more));
    } else {
        store_u16_of(&queue->used[RING_FLAGS], 0);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return load_u16_of(&queue->available[RING_INDEX]) == queue->taken;
}

/* With event indices an event just behind us is the farthest away. */
void virtqueue_mute(struct virtqueue *queue)
{
    if (!queue->enabled || queue->broken != NULL) {
        return;
    }
    if (queue->event_index) {
        store_u16_of(&queue->used[RING_FIRST + 4u * queue->size], (uint16_t)(queue->taken - 1));
    } else {
        store_u16_of(&queue->used[RING_FLAGS], USED_NO_NOTIFY);
    }
}

/* Skips whole segments of *offset; the first that holds a byte at it. */
static uint32_t skip(const struct virtqueue_segment *segments, uint32_t count, uint64_t *offset)
{
    uint32_t i = 0;
    while (i < count && *offset >= segments[i].len) {
        *offset -= segments[i].len;
        i++;
    }
    return i;
}

uint64_t virtqueue_gather(const struct virtqueue_segment *segments, uint32_t count, uint64_t offset,
                          void *bytes, uint64_t len)
{
    uint64_t done = 0;
    for (uint32_t i = skip(segments, count, &offset); i < count && done < len; i++) {
        uint64_t part = min_u64(segments[i].len - offset, len - done);
        memcpy((uint8_t *)bytes + done, segments[i].at + offset, part);
        done += part;
        offset = 0;
    }
    return done;
}

uint64_t virtqueue_scatter(const struct virtqueue_segment *segments, uint32_t count, uint64_t offset,
                           const void *bytes, uint64_t len)
{
    uint64_t done = 0;
    for (uint32_t i = skip(segments, count, &offset); i < count && done < len; i++) {
        uint64_t part = min_u64(segments[i].len - offset, len - done);
        memcpy(segments[i].at + offset, (const uint8_t *)bytes + done, part);
        done += part;
        offset = 0;
    }
    return done;
}
