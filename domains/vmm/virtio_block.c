#include "virtio_block.h"

#include <string.h>

/* [VIRTIO-1.2] 5.2.3 */
#define F_SIZE_MAX (UINT64_C(1) << 1)
#define F_SEG_MAX (UINT64_C(1) << 2)
#define F_RO (UINT64_C(1) << 5)
#define F_BLK_SIZE (UINT64_C(1) << 6)
#define F_FLUSH (UINT64_C(1) << 9)
#define F_TOPOLOGY (UINT64_C(1) << 10)
#define F_DISCARD (UINT64_C(1) << 13)
#define F_WRITE_ZEROES (UINT64_C(1) << 14)

/* 5.2.6 */
enum request_type {
    TYPE_IN = 0,
    TYPE_OUT = 1,
    TYPE_FLUSH = 4,
    TYPE_GET_ID = 8,
    TYPE_DISCARD = 11,
    TYPE_WRITE_ZEROES = 13
};
enum request_status { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2 };

#define HEADER_BYTES 16u
#define RANGE_BYTES 16u /* 5.2.6: one range of a discard or of writing zeroes */
#define RANGE_SECTORS_MAX 32768u
/* A request fits one slot whatever the segments are: the driver bounds their number and their size. */
#define SEGMENT_BYTES 4096u
#define SEGMENTS (BLOCK_LIMITS_SLOT_BYTES / SEGMENT_BYTES)
#define BLOCK_BYTES_MAX 4096u

enum config_offset {
    CONFIG_CAPACITY = 0,
    CONFIG_SIZE_MAX = 8,
    CONFIG_SEG_MAX = 12,
    CONFIG_BLK_SIZE = 20,
    CONFIG_MIN_IO = 26,
    CONFIG_OPT_IO = 28,
    CONFIG_DISCARD_SECTORS = 36,
    CONFIG_DISCARD_SEGMENTS = 40,
    CONFIG_DISCARD_ALIGNMENT = 44,
    CONFIG_ZEROES_SECTORS = 48,
    CONFIG_ZEROES_SEGMENTS = 52,
};

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};
struct range {
    uint64_t sector;
    uint32_t sectors, flags;
};
_Static_assert(sizeof(struct header) == HEADER_BYTES && sizeof(struct range) == RANGE_BYTES,
               "[VIRTIO-1.2] 5.2.6");
_Static_assert(BLOCK_LIMITS_SLOTS == 64, "the free slots are the bits of one word");

void virtio_block_open(struct virtio_block *block, const struct virtio_block_options *options)
{
    block->pool = options->pool;
    block->sectors = options->sectors;
    block->read_only = options->read_only;
    block->free = UINT64_MAX;
    block_client_open(&block->client, options->channel);
    (void)block_client_sleep(&block->client);
}

bool virtio_block_known(struct virtio_block *block)
{
    (void)block_client_follow(&block->client);
    return block_client_state(&block->client) == CHANNEL_STATE_READY;
}

/* The server's words are checked: a block is 512 to 4096 bytes, a power of two. */
static void describe(struct virtio_block *block, const struct block_geometry *geometry)
{
    struct virtio *device = &block->virtio;
    uint32_t bytes = geometry->block_bytes;
    if (bytes < BLOCK_SECTOR_BYTES || bytes > BLOCK_BYTES_MAX || (bytes & (bytes - 1)) != 0) {
        bytes = BLOCK_LIMITS_SECTOR_BYTES;
    }
    device->offered |= F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_TOPOLOGY | F_FLUSH;
    device->offered |= block->read_only ? F_RO : 0;
    virtio_config_set(device, CONFIG_CAPACITY, block->sectors, 8);
    virtio_config_set(device, CONFIG_SIZE_MAX, SEGMENT_BYTES, 4);
    virtio_config_set(device, CONFIG_SEG_MAX, SEGMENTS, 4);
    virtio_config_set(device, CONFIG_BLK_SIZE, bytes, 4);
    virtio_config_set(device, CONFIG_MIN_IO, 1, 2);
    virtio_config_set(device, CONFIG_OPT_IO, BLOCK_LIMITS_SLOT_BYTES / bytes, 4);
    if ((geometry->features & 1u << BLOCK_OP_DISCARD) != 0 && !block->read_only) {
        device->offered |= F_DISCARD;
        virtio_config_set(device, CONFIG_DISCARD_SECTORS, RANGE_SECTORS_MAX, 4);
        virtio_config_set(device, CONFIG_DISCARD_SEGMENTS, 1, 4);
        virtio_config_set(device, CONFIG_DISCARD_ALIGNMENT, bytes / BLOCK_LIMITS_SECTOR_BYTES, 4);
    }
    if ((geometry->features & 1u << BLOCK_OP_WRITE_ZEROES) != 0 && !block->read_only) {
        device->offered |= F_WRITE_ZEROES;
        virtio_config_set(device, CONFIG_ZEROES_SECTORS, RANGE_SECTORS_MAX, 4);
        virtio_config_set(device, CONFIG_ZEROES_SEGMENTS, 1, 4);
    }
}

void virtio_block_attach(struct virtio_block *block, struct pci_function *function, struct memory *memory,
                         struct lapic *lapic)
{
    struct block_geometry geometry = {.block_bytes = BLOCK_LIMITS_SECTOR_BYTES};
    if (virtio_block_known(block)) {
        block_client_geometry(&block->client, &geometry);
    }
    virtio_init(&block->virtio, function, memory, lapic, 1, BLOCK_QUEUE_SIZE);
    block->virtio.offered = VIRTIO_F_COMMON;
    describe(block, &geometry);
    memcpy(block->serial, geometry.serial, sizeof block->serial);
}

static uint8_t *pool_at(const struct virtio_block *block, uint32_t index)
{
    return block->pool + (uint64_t)index * BLOCK_LIMITS_SLOT_BYTES;
}

static void release(struct virtio_block *block, struct block_slot *slot)
{
    slot->state = BLOCK_SLOT_FREE;
    block->free |= UINT64_C(1) << (slot - block->slot);
}

/* ------------------------------------------------------------------ data, between the guest and the slot */

/* Nearly always the data is one segment. */
static bool is_one_segment(const struct block_slot *slot)
{
    return slot->data_offset == 0 && slot->segments != 0 && slot->segment[0].len >= slot->data_bytes;
}

static void fetch_data(struct block_slot *slot, uint8_t *pool)
{
    if (is_one_segment(slot)) {
        memcpy(pool, slot->segment[0].at, slot->data_bytes);
    } else {
        (void)virtqueue_gather(slot->segment, slot->segments, slot->data_offset, pool, slot->data_bytes);
    }
}

static void give_data(struct block_slot *slot, const uint8_t *pool)
{
    if (is_one_segment(slot)) {
        memcpy(slot->segment[0].at, pool, slot->data_bytes);
    } else {
        (void)virtqueue_scatter(slot->segment, slot->segments, slot->data_offset, pool, slot->data_bytes);
    }
}

/* ------------------------------------------------------------------ towards the server */

/* The write data is copied here, so that a second posting takes it from the guest's buffers again. */
static void post(struct virtio_block *block, struct block_slot *slot)
{
    uint32_t index = (uint32_t)(slot - block->slot);
    struct block_request request = {
        .id = (uint16_t)index,
        .op = slot->op,
        .sectors = slot->sectors,
        .sector = slot->sector,
        .data = (uint64_t)index * BLOCK_LIMITS_SLOT_BYTES,
    };
    if (slot->write) {
        fetch_data(slot, pool_at(block, index));
    }
    if (block_client_post(&block->client, &request)) {
        slot->state = BLOCK_SLOT_SENT;
        slot->epoch = block->client.epoch;
    } else {
        block->unsettled = true;
    }
}

/* The waiting slot that was taken from the guest first, or NULL. */
static struct block_slot *first_waiting(struct virtio_block *block)
{
    struct block_slot *first = NULL;
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        struct block_slot *slot = &block->slot[i];
        if (slot->state == BLOCK_SLOT_WAITING &&
            (first == NULL || (int32_t)(slot->order - first->order) < 0)) {
            first = slot;
        }
    }
    return first;
}

/* A server that is ready has nothing of its predecessor's in flight; what the guest still waits for goes out
 * again, in the order it came. */
static void resubmit(struct virtio_block *block)
{
    struct block_slot *slot;
    block->unsettled = false;
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        slot = &block->slot[i];
        if (slot->state == BLOCK_SLOT_ABANDONED && slot->epoch != block->client.epoch) {
            release(block, slot);
        }
    }
    while ((slot = first_waiting(block)) != NULL) {
        post(block, slot);
        if (slot->state == BLOCK_SLOT_WAITING) {
            return;
        }
        block->resubmitted++;
    }
}

/* ------------------------------------------------------------------ towards the guest */

/* Ends a request that the guest waits for. */
static void answer(struct virtio_block *block, uint16_t head, uint8_t *at, enum request_status status,
                   uint32_t written)
{
    *at = (uint8_t)status;
    virtqueue_return(&block->virtio.queue[0], head, written + 1);
    block->failed += status == STATUS_IOERR;
}

static enum request_status status_of(uint8_t status)
{
    switch (status) {
    case BLOCK_STATUS_OK:
        return STATUS_OK;
    case BLOCK_STATUS_UNSUPPORTED:
        return STATUS_UNSUPP;
    default: /* I/O error, range, read-only, and what is no status */
        return STATUS_IOERR;
    }
}

static void finish(struct virtio_block *block, struct block_slot *slot, enum request_status status)
{
    uint32_t written = 0;
    if (!virtio_runs(&block->virtio)) {
        return;
    }
    if (slot->op == BLOCK_OP_READ && status == STATUS_OK) {
        give_data(slot, pool_at(block, (uint32_t)(slot - block->slot)));
        written = slot->data_bytes;
    }
    answer(block, slot->head, slot->status, status, written);
}

/* 5.2.6.2: a driver that does not know of flushing takes a write that is done for safe. */
static bool needs_flush(const struct virtio_block *block, const struct block_slot *slot)
{
    return (slot->op == BLOCK_OP_WRITE || slot->op == BLOCK_OP_WRITE_ZEROES) &&
           !virtio_has(&block->virtio, F_FLUSH);
}

static void flush_behind(struct virtio_block *block, struct block_slot *slot)
{
    slot->op = BLOCK_OP_FLUSH;
    slot->write = false;
    slot->sector = slot->sectors = slot->data_bytes = 0;
    slot->state = BLOCK_SLOT_WAITING;
    post(block, slot);
}

static void complete(struct virtio_block *block, const struct block_completion *completion)
{
    struct block_slot *slot = &block->slot[completion->id % BLOCK_LIMITS_SLOTS];
    enum request_status status = status_of(completion->status);
    bool posted = slot->state == BLOCK_SLOT_SENT || slot->state == BLOCK_SLOT_ABANDONED;
    if (completion->id >= BLOCK_LIMITS_SLOTS || !posted || slot->epoch != block->client.epoch) {
        block->unknown_completions++;
        return;
    }
    if (slot->state == BLOCK_SLOT_SENT) {
        if (status == STATUS_OK && needs_flush(block, slot)) {
            flush_behind(block, slot);
            return;
        }
        finish(block, slot, status);
    }
    release(block, slot);
}

/* Nobody will answer: the guest hears of it now. The slots wait for a server that is ready. */
static void fail_all(struct virtio_block *block)
{
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        struct block_slot *slot = &block->slot[i];
        if (slot->state == BLOCK_SLOT_WAITING) {
            finish(block, slot, STATUS_IOERR);
            release(block, slot);
        } else if (slot->state == BLOCK_SLOT_SENT) {
            finish(block, slot, STATUS_IOERR);
            slot->state = BLOCK_SLOT_ABANDONED;
        }
    }
}

/* ------------------------------------------------------------------ requests */

static bool fits(const struct virtio_block *block, uint64_t sector, uint64_t sectors)
{
    return sector <= block->sectors && sectors <= block->sectors - sector;
}

/* Data of a read or a write: whole sectors, one slot at most, inside the disk. */
static enum request_status plan_data(const struct virtio_block *block, struct block_slot *slot,
                                     uint64_t sector, uint64_t bytes)
{
    if (bytes == 0 || bytes % BLOCK_SECTOR_BYTES != 0 || bytes > BLOCK_LIMITS_SLOT_BYTES ||
        !fits(block, sector, bytes / BLOCK_SECTOR_BYTES)) {
        return STATUS_IOERR;
    }
    slot->sector = sector;
    slot->sectors = (uint32_t)(bytes / BLOCK_SECTOR_BYTES);
    slot->data_bytes = (uint32_t)bytes;
    return STATUS_OK;
}

static enum request_status plan_range(const struct virtio_block *block, struct block_slot *slot)
{
    const struct virtqueue_chain *chain = &block->chain;
    struct range range;
    if (chain->readable_bytes != HEADER_BYTES + RANGE_BYTES ||
        virtqueue_gather(chain->segment, chain->readable, HEADER_BYTES, &range, sizeof range) !=
            sizeof range) {
        return STATUS_IOERR;
    }
    /* 5.2.6.2: bit 0 asks to unmap when writing zeroes, which is up to the device; all others are unknown. */
    if ((range.flags & ~(slot->op == BLOCK_OP_WRITE_ZEROES ? 1u : 0u)) != 0) {
        return STATUS_UNSUPP;
    }
    if (range.sectors == 0 || range.sectors > RANGE_SECTORS_MAX ||
        !fits(block, range.sector, range.sectors)) {
        return STATUS_IOERR;
    }
    slot->sector = range.sector;
    slot->sectors = range.sectors;
    return STATUS_OK;
}

/* The segments that hold the data, which begins at @offset of them. */
static void keep_segments(struct block_slot *slot, const struct virtqueue_segment *from, uint32_t count,
                          uint64_t offset)
{
    for (; count != 0 && offset >= from->len; count--) {
        offset -= from->len;
        from++;
    }
    slot->segments = count;
    slot->data_offset = offset;
    for (uint32_t i = 0; i < count; i++) {
        slot->segment[i] = from[i];
    }
}

static enum request_status plan_change(const struct virtio_block *block, struct block_slot *slot,
                                       const struct header *header)
{
    const struct virtqueue_chain *chain = &block->chain;
    if (block->read_only) {
        return STATUS_IOERR;
    }
    if (header->type == TYPE_OUT) {
        slot->op = BLOCK_OP_WRITE;
        slot->write = true;
        keep_segments(slot, chain->segment, chain->readable, HEADER_BYTES);
        return plan_data(block, slot, header->sector, chain->readable_bytes - HEADER_BYTES);
    }
    slot->op = header->type == TYPE_DISCARD ? BLOCK_OP_DISCARD : BLOCK_OP_WRITE_ZEROES;
    uint64_t feature = header->type == TYPE_DISCARD ? F_DISCARD : F_WRITE_ZEROES;
    return virtio_has(&block->virtio, feature) ? plan_range(block, slot) : STATUS_UNSUPP;
}

/* Fills in what the server is asked; anything but OK is the guest's answer at once. */
static enum request_status plan(struct virtio_block *block, struct block_slot *slot,
                                const struct header *header)
{
    const struct virtqueue_chain *chain = &block->chain;
    slot->write = false;
    slot->sector = slot->sectors = slot->data_bytes = slot->segments = 0;
    switch (header->type) {
    case TYPE_IN:
        slot->op = BLOCK_OP_READ;
        keep_segments(slot, chain->segment + chain->readable, chain->writable, 0);
        return plan_data(block, slot, header->sector, chain->writable_bytes - 1);
    case TYPE_OUT:
    case TYPE_DISCARD:
    case TYPE_WRITE_ZEROES:
        return plan_change(block, slot, header);
    case TYPE_FLUSH:
        slot->op = BLOCK_OP_FLUSH;
        return STATUS_OK;
    default:
        return STATUS_UNSUPP;
    }
}

/* 5.2.6.1: 20 bytes of text, zero padded. */
static void answer_id(struct virtio_block *block, uint8_t *status)
{
    const struct virtqueue_chain *chain = &block->chain;
    uint64_t room = min_u64(chain->writable_bytes - 1, sizeof block->serial);
    uint64_t written =
        virtqueue_scatter(chain->segment + chain->readable, chain->writable, 0, block->serial, room);
    answer(block, chain->head, status, STATUS_OK, (uint32_t)written);
}

/* Nearly always a segment of its own. The barrier makes it one look: what is checked later is the copy. */
static bool read_header(const struct virtqueue_chain *chain, struct header *header)
{
    if (chain->readable != 0 && chain->segment[0].len >= HEADER_BYTES) {
        __builtin_memcpy(header, chain->segment[0].at, sizeof *header);
        __asm__ volatile("" : : : "memory");
        return true;
    }
    return virtqueue_gather(chain->segment, chain->readable, 0, header, sizeof *header) == sizeof *header;
}

/* The chain that was taken last, into a free slot. False: the driver broke the rules. */
static bool accept(struct virtio_block *block, bool parked)
{
    const struct virtqueue_chain *chain = &block->chain;
    struct header header;
    if (chain->writable == 0 || !read_header(chain, &header)) {
        virtio_break(&block->virtio, "a disk request without header or status");
        return false;
    }
    const struct virtqueue_segment *last = &chain->segment[chain->readable + chain->writable - 1u];
    uint8_t *at = last->at + last->len - 1;
    if (header.type == TYPE_GET_ID) {
        answer_id(block, at);
        return true;
    }
    struct block_slot *slot = &block->slot[__builtin_ctzll(block->free)];
    enum request_status status = parked ? STATUS_IOERR : plan(block, slot, &header);
    if (status != STATUS_OK) {
        answer(block, chain->head, at, status, 0);
        return true;
    }
    block->free &= block->free - 1;
    slot->head = chain->head;
    slot->status = at;
    slot->order = block->order++;
    slot->state = BLOCK_SLOT_WAITING;
    block->requests++;
    post(block, slot);
    return true;
}

static void take_requests(struct virtio_block *block, bool parked)
{
    struct virtio *device = &block->virtio;
    struct virtqueue *queue = &device->queue[0];
    while (block->free != 0) {
        switch (virtqueue_take(queue, &block->chain)) {
        case VIRTQUEUE_EMPTY:
            return;
        case VIRTQUEUE_BROKEN:
            virtio_break(device, queue->broken);
            return;
        case VIRTQUEUE_CHAIN:
            if (!accept(block, parked)) {
                return;
            }
            break;
        }
    }
}

/* ------------------------------------------------------------------ everything */

static void follow(struct virtio_block *block)
{
    if (!block_client_follow(&block->client)) {
        return;
    }
    block->unsettled = true;
    block->signal = true; /* the server may wait for this end's epoch */
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        if (block->slot[i].state == BLOCK_SLOT_SENT) {
            block->slot[i].state = BLOCK_SLOT_WAITING;
        }
    }
}

static void work_once(struct virtio_block *block)
{
    struct block_completion completion;
    follow(block);
    while (block_client_take(&block->client, &completion)) {
        complete(block, &completion);
    }
    block->seen = block_client_state(&block->client);
    switch (block->seen) {
    case CHANNEL_STATE_STARTING:
        return;
    case CHANNEL_STATE_READY:
        if (block->unsettled) {
            resubmit(block);
        }
        break;
    case CHANNEL_STATE_PARKED:
        fail_all(block);
        break;
    }
    if (virtio_runs(&block->virtio)) {
        take_requests(block, block->seen == CHANNEL_STATE_PARKED);
    }
}

/* The guest stands still meanwhile, and a server never completes more than it was given: this ends. Where the server's
 * bell is to be rung, no signal is asked for before that: see virtio_block_listen. */
void virtio_block_work(struct virtio_block *block)
{
    struct virtio *device = &block->virtio;
    do {
        work_once(block);
        if (block_client_publish(&block->client)) {
            block->signal = true;
        }
    } while (!block->signal && !block_client_sleep(&block->client));
    if (virtio_runs(device)) {
        (void)virtqueue_sleep(&device->queue[0], 0);
        virtio_complete(device, 0);
    }
}

bool virtio_block_listen(struct virtio_block *block)
{
    block->signal = false;
    return block_client_sleep(&block->client);
}

void virtio_block_reset(struct virtio_block *block)
{
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        struct block_slot *slot = &block->slot[i];
        if (slot->state == BLOCK_SLOT_SENT) {
            slot->state = BLOCK_SLOT_ABANDONED;
        } else if (slot->state == BLOCK_SLOT_WAITING) {
            release(block, slot);
        }
    }
}
