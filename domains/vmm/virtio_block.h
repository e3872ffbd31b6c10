/* A disk: [VIRTIO-1.2] 5.2 in front of the channel `block`. Data is copied once between the guest's buffers and this
 * tenant's pool, one slot of it for each request in flight.
 *
 * The table of slots is the truth of what is in flight. A server that starts anew gets all of it again, write data
 * copied again from the guest's buffers; a slot that may still be read or written by the device is not used again
 * before its completion came, or before a new server says that it is ready, which ends the old one's transfers. */
#ifndef VMM_VIRTIO_BLOCK_H
#define VMM_VIRTIO_BLOCK_H

#include "blockring.h"
#include "virtio.h"

#define BLOCK_QUEUE_SIZE 128u
#define BLOCK_CONFIG_BYTES 60u
#define BLOCK_SECTOR_BYTES ((uint64_t)BLOCK_LIMITS_SECTOR_BYTES)

enum block_slot_state {
    BLOCK_SLOT_FREE,
    BLOCK_SLOT_WAITING,   /* taken from the guest, to be posted when the server is ready */
    BLOCK_SLOT_SENT,      /* posted */
    BLOCK_SLOT_ABANDONED, /* posted; the guest no longer waits */
};

struct block_slot {
    enum block_slot_state state;
    uint32_t epoch; /* it was posted in */
    uint32_t order; /* of being taken from the guest */
    uint16_t head;
    uint8_t op; /* enum block_op */
    bool write; /* data goes to the disk */
    uint32_t sectors, data_bytes;
    uint64_t sector;
    uint8_t *status;      /* in the guest */
    uint64_t data_offset; /* of the data in the segments */
    uint32_t segments;
    struct virtqueue_segment segment[VIRTQUEUE_SEGMENTS];
};

struct virtio_block {
    struct virtio virtio;
    struct block_client client;
    uint8_t *pool;
    uint64_t sectors;
    bool read_only;
    bool signal;             /* the server's bell is to be rung, and then virtio_block_listen called */
    bool unsettled;          /* slots wait for a server that is ready */
    enum channel_state seen; /* the server's state when it was last looked at */
    uint64_t free;           /* one bit for each slot */
    uint32_t order;          /* of the next request */
    uint32_t unknown_completions, failed;
    uint64_t requests, resubmitted;
    uint8_t serial[20];
    struct virtqueue_chain chain; /* the one being looked at */
    struct block_slot slot[BLOCK_LIMITS_SLOTS];
};

struct virtio_block_options {
    struct block_channel *channel;
    uint8_t *pool;    /* BLOCK_LIMITS_POOL_BYTES */
    uint64_t sectors; /* of the window */
    bool read_only;
};

/* The channel is opened; the function appears with virtio_block_attach. */
void virtio_block_open(struct virtio_block *block, const struct virtio_block_options *options);
/* Has the server said what disk it has? */
bool virtio_block_known(struct virtio_block *block);
void virtio_block_attach(struct virtio_block *block, struct pci_function *function, struct memory *memory,
                         struct lapic *lapic);

/* Everything there is to do: completions, a new server, requests of the guest. If it leaves @signal set, the server's
 * bell is to be rung, and virtio_block_listen called after it: only then is a signal asked for, because a server that
 * stands above this domain may have answered when the call that rings returns. */
void virtio_block_work(struct virtio_block *block);
/* Asks for a signal from the next completion on. False: there is one already, work again. */
bool virtio_block_listen(struct virtio_block *block);
/* Has the server done anything since? Cheap: asked at every turn. */
static inline bool virtio_block_stirred(struct virtio_block *block)
{
    const struct block_client *client = &block->client;
    return client->channel != NULL &&
           (block_load(&client->channel->completion_head) != client->completion_tail ||
            block_load(&client->channel->epoch) != client->epoch ||
            block_load(&client->channel->state) != (uint32_t)block->seen || !client->joined);
}
void virtio_block_reset(struct virtio_block *block);

#endif
