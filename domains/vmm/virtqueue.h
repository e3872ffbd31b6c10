/* A split virtqueue as its device sees it: [VIRTIO-1.2] 2.7, with indirect descriptors and event indices.
 *
 * Everything in the ring is written by the guest and may be wrong or change at any moment, so
 *  - where the ring lies is checked once, when the queue is enabled; RAM never goes away;
 *  - every index, descriptor and length is read once, and the copy is checked before it is used;
 *  - a chain is at most VIRTQUEUE_SEGMENTS long, which also ends every loop;
 *  - what breaks a rule breaks the queue: nothing more is taken from it until the device is reset. */
#ifndef VMM_VIRTQUEUE_H
#define VMM_VIRTQUEUE_H

#include "memory.h"

#define VIRTQUEUE_SIZE_MAX 256u
#define VIRTQUEUE_SEGMENTS 64u
#define VIRTQUEUE_NO_VECTOR 0xffffu

/* 2.7.5: one entry of the descriptor table. */
struct virtqueue_descriptor {
    uint64_t address;
    uint32_t len;
    uint16_t flags, next;
};

/* Guest memory that one descriptor names, in our view. */
struct virtqueue_segment {
    uint8_t *at;
    uint32_t len;
};

/* What a driver made available at once: the first @readable segments to read, then @writable to write. */
struct virtqueue_chain {
    uint16_t head;
    uint16_t readable, writable;
    uint64_t readable_bytes, writable_bytes;
    struct virtqueue_segment segment[VIRTQUEUE_SEGMENTS];
};

struct virtqueue {
    /* As the driver wrote them; they no longer move once the queue is enabled. */
    uint64_t descriptors, driver, device;
    uint16_t size, size_max, vector;
    bool enabled;
    bool event_index, indirect; /* features */
    const char *broken;         /* the rule that was broken; NULL = none */
    struct memory *memory;
    const volatile struct virtqueue_descriptor *table;
    volatile uint16_t *available; /* flags, index, ring, used_event */
    volatile uint16_t *used;      /* flags, index, ring of {id, len}, avail_event */
    uint16_t taken;               /* available entries taken, free-running */
    uint16_t taken_limit;         /* the driver's index, as last read and checked */
    uint16_t returned;            /* used entries written, free-running */
    uint16_t told;                /* of them, those the driver was asked about an interrupt for */
    uint64_t chains;              /* taken since the start, for the log */
};

void virtqueue_init(struct virtqueue *queue, struct memory *memory, uint16_t size_max);
/* 4.1.4.3: as after a reset. */
void virtqueue_reset(struct virtqueue *queue);
/* False: size, alignment or place of the ring is wrong; the queue is broken. */
bool virtqueue_enable(struct virtqueue *queue);

enum virtqueue_taken { VIRTQUEUE_EMPTY, VIRTQUEUE_CHAIN, VIRTQUEUE_BROKEN };

/* The next chain the driver made available; empty also while the queue is not enabled. */
enum virtqueue_taken virtqueue_take(struct virtqueue *queue, struct virtqueue_chain *chain);
/* Gives the last chain back, to be taken again. */
void virtqueue_untake(struct virtqueue *queue);

/* The chain that began at @head is done; @written bytes stand in its writable segments. */
void virtqueue_return(struct virtqueue *queue, uint16_t head, uint32_t written);

/* Does the driver want an interrupt for what was returned since it was last asked? */
bool virtqueue_wants_interrupt(struct virtqueue *queue);
/* The same for an interrupt that is put off: one that is wanted still is when this is asked again. */
bool virtqueue_owes_interrupt(struct virtqueue *queue);
/* Chains returned for which that is so. */
static inline uint16_t virtqueue_untold(const struct virtqueue *queue)
{
    return (uint16_t)(queue->returned - queue->told);
}

/* Asks for a notification once @more further chains are available (0: from the next one on). False: there is one already. */
bool virtqueue_sleep(struct virtqueue *queue, uint16_t more);
/* Asks for none. */
void virtqueue_mute(struct virtqueue *queue);

/* Copies between @bytes and the segments, from @offset of their contents on; answers the bytes copied. */
uint64_t virtqueue_gather(const struct virtqueue_segment *segments, uint32_t count, uint64_t offset,
                          void *bytes, uint64_t len);
uint64_t virtqueue_scatter(const struct virtqueue_segment *segments, uint32_t count, uint64_t offset,
                           const void *bytes, uint64_t len);

#endif
