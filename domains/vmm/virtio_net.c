#include "virtio_net.h"

#include <string.h>

#include <bulkhead/block.h> /* enum channel_state */

/* [VIRTIO-1.2] 5.1.3 */
#define F_GUEST_CSUM (UINT64_C(1) << 1)
#define F_MTU (UINT64_C(1) << 3)
#define F_MAC (UINT64_C(1) << 5)
#define F_MRG_RXBUF (UINT64_C(1) << 15)
#define F_STATUS (UINT64_C(1) << 16)

enum { QUEUE_RECEIVE, QUEUE_TRANSMIT };
enum config_offset { CONFIG_MAC = 0, CONFIG_STATUS = 6, CONFIG_MTU = 10 };
#define MAC_BYTES 6u
#define MTU 1500u
#define FRAME_LEAST 14u
/* Room that a blocked sender waits for: a signal for each slot would be one for each frame. */
#define ROOM 64u
/* The part of the queue that may be frames sent whose interrupt is put off: a sender may wait for the room that they take. */
#define UNTOLD_PART 4u

/* 5.1.6.4: the checksum was found right. It is the driver domain's word, as the frame itself is. */
#define HEADER_DATA_VALID 2u

/* 5.1.6, as every modern driver has it. */
struct header {
    uint8_t flags, gso_type;
    uint16_t header_len, gso_size, checksum_start, checksum_offset, buffers;
};
_Static_assert(sizeof(struct header) == 12, "[VIRTIO-1.2] 5.1.6");

void virtio_net_open(struct virtio_net *net, const struct virtio_net_options *options)
{
    net->channel = options->channel;
    net->pool = options->pool;
    net->mac = options->mac;
    net->merge = options->merge;
    netlink_open_net(&net->link, net->channel, NETLINK_END_A);
    net->signal = true; /* the server may wait for this end's epoch */
}

static uint32_t channel_word(const uint32_t *word)
{
    return __atomic_load_n((const volatile uint32_t *)word, __ATOMIC_ACQUIRE);
}

/* Is there a server that takes frames? */
static bool served(const struct virtio_net *net)
{
    return netlink_check(&net->link) == NETLINK_TOGETHER && !netlink_broken(&net->link) &&
           channel_word(&net->channel->state) == CHANNEL_STATE_READY;
}

static bool link_up(const struct virtio_net *net)
{
    return served(net) && channel_word(&net->channel->link) != 0;
}

bool virtio_net_stirred(const struct virtio_net *net)
{
    const struct netring *receive = &net->link.receive, *transmit = &net->link.transmit;
    return netlink_check(&net->link) == NETLINK_REBUILT || link_up(net) != net->up ||
           (!net->starved && __atomic_load_n(receive->other, __ATOMIC_ACQUIRE) != receive->position) ||
           (net->blocked && __atomic_load_n(transmit->other, __ATOMIC_ACQUIRE) != transmit->seen);
}

static void show_link(struct virtio_net *net)
{
    bool up = link_up(net);
    if (up == net->up) {
        return;
    }
    net->up = up;
    virtio_config_set(&net->virtio, CONFIG_STATUS, up ? 1 : 0, 2);
    virtio_config_changed(&net->virtio);
}

void virtio_net_attach(struct virtio_net *net, struct pci_function *function, struct memory *memory,
                       struct lapic *lapic)
{
    virtio_init(&net->virtio, function, memory, lapic, 2, NET_QUEUE_SIZE);
    net->virtio.offered = VIRTIO_F_COMMON | F_GUEST_CSUM | F_MTU | F_MAC | F_STATUS;
    if (net->merge) {
        net->virtio.offered |= F_MRG_RXBUF;
    }
    virtio_config_set(&net->virtio, CONFIG_MAC, net->mac, MAC_BYTES);
    virtio_config_set(&net->virtio, CONFIG_MTU, MTU, 2);
    show_link(net);
}

/* ------------------------------------------------------------------ to the wire */

/* Without offloads a header says nothing: one that does belongs to a frame that nobody can finish. */
static bool sendable(const struct virtio_net *net, const struct header *header, uint64_t frame_bytes)
{
    return net->up && header->flags == 0 && header->gso_type == 0 && frame_bytes >= FRAME_LEAST &&
           frame_bytes <= NET_LIMITS_FRAME_BYTES;
}

/* False: the driver broke the rules. */
static bool send_one(struct virtio_net *net)
{
    const struct virtqueue_chain *chain = &net->chain[0];
    struct netring *ring = &net->link.transmit;
    struct header header;
    if (virtqueue_gather(chain->segment, chain->readable, 0, &header, sizeof header) != sizeof header) {
        virtio_break(&net->virtio, "a frame without its header");
        return false;
    }
    uint64_t bytes = chain->readable_bytes - sizeof header;
    if (sendable(net, &header, bytes)) {
        uint8_t *to = net->pool + netring_transmit_offset(ring->position);
        (void)virtqueue_gather(chain->segment, chain->readable, sizeof header, to, bytes);
        net->channel->transmit[netring_index(ring->position)] = (struct net_frame){.len = (uint16_t)bytes};
        ring->position++;
        net->sent++;
    } else {
        net->lost_sending++;
    }
    virtqueue_return(&net->virtio.queue[QUEUE_TRANSMIT], chain->head, 0);
    return true;
}

static void send(struct virtio_net *net)
{
    struct virtio *device = &net->virtio;
    struct virtqueue *queue = &device->queue[QUEUE_TRANSMIT];
    const uint64_t before = net->sent;
    net->blocked = false;
    for (;;) {
        if (net->up && netring_space(&net->link.transmit) == 0) {
            net->blocked = !netlink_broken(&net->link);
            break;
        }
        enum virtqueue_taken taken = virtqueue_take(queue, &net->chain[0]);
        if (taken == VIRTQUEUE_BROKEN) {
            virtio_break(device, queue->broken);
        }
        if (taken != VIRTQUEUE_CHAIN || !send_one(net)) {
            break;
        }
    }
    net->lingers = net->lingers || net->sent != before;
    if (netring_publish(&net->link.transmit)) {
        net->signal = true;
    }
}

/* ------------------------------------------------------------------ from the wire */

enum buffers { BUFFERS_TAKEN, BUFFERS_MISSING, BUFFERS_TOO_SMALL };

/* Enough chains for @bytes, *count of them; otherwise none is taken. */
static enum buffers take_buffers(struct virtio_net *net, uint64_t bytes, uint32_t *count)
{
    struct virtio *device = &net->virtio;
    struct virtqueue *queue = &device->queue[QUEUE_RECEIVE];
    uint32_t most = virtio_has(device, F_MRG_RXBUF) ? NET_MERGE_MAX : 1;
    enum virtqueue_taken taken = VIRTQUEUE_CHAIN;
    uint64_t room = 0;
    for (*count = 0; room < bytes && *count < most; ++*count) {
        taken = virtqueue_take(queue, &net->chain[*count]);
        if (taken != VIRTQUEUE_CHAIN) {
            break;
        }
        room += net->chain[*count].writable_bytes;
    }
    if (room >= bytes) {
        return BUFFERS_TAKEN;
    }
    for (; *count != 0; --*count) {
        virtqueue_untake(queue);
    }
    if (taken == VIRTQUEUE_BROKEN) {
        virtio_break(device, queue->broken);
    }
    return taken == VIRTQUEUE_CHAIN ? BUFFERS_TOO_SMALL : BUFFERS_MISSING;
}

/* Writes the header and the frame over the chains that were taken, and returns them. */
static void scatter(struct virtio_net *net, uint32_t count, const struct header *header, const uint8_t *frame,
                    uint64_t bytes)
{
    uint64_t head_left = sizeof *header;
    const uint8_t *head = (const uint8_t *)header;
    for (uint32_t i = 0; i < count; i++) {
        const struct virtqueue_chain *chain = &net->chain[i];
        const struct virtqueue_segment *segments = chain->segment + chain->readable;
        uint64_t start = virtqueue_scatter(segments, chain->writable, 0, head, head_left);
        uint64_t part = virtqueue_scatter(segments, chain->writable, start, frame, bytes);
        virtqueue_return(&net->virtio.queue[QUEUE_RECEIVE], chain->head, (uint32_t)(start + part));
        head += start;
        head_left -= start;
        frame += part;
        bytes -= part;
    }
}

/* Nearly always both fit the first descriptor. */
static void deliver(struct virtio_net *net, uint32_t count, const uint8_t *frame, uint64_t bytes,
                    bool checked)
{
    bool valid = checked && virtio_has(&net->virtio, F_GUEST_CSUM);
    const struct header header = {.flags = valid ? HEADER_DATA_VALID : 0, .buffers = (uint16_t)count};
    const struct virtqueue_chain *chain = &net->chain[0];
    const struct virtqueue_segment *first = &chain->segment[chain->readable];
    if (count == 1 && first->len >= sizeof header + bytes) {
        memcpy(first->at, &header, sizeof header);
        memcpy(first->at + sizeof header, frame, bytes);
        virtqueue_return(&net->virtio.queue[QUEUE_RECEIVE], chain->head, (uint32_t)(sizeof header + bytes));
    } else {
        scatter(net, count, &header, frame, bytes);
    }
    net->received++;
}

static bool receivable(const struct net_frame *frame)
{
    return frame->len >= FRAME_LEAST && frame->len <= NET_LIMITS_SLOT_BYTES;
}

static void receive(struct virtio_net *net)
{
    struct netring *ring = &net->link.receive;
    net->starved = false;
    while (virtio_runs(&net->virtio) && netring_pending(ring) != 0) {
        struct net_frame frame = netring_frame(&net->channel->receive[netring_index(ring->position)]);
        bool lost = !receivable(&frame);
        if (!lost) {
            uint32_t count;
            enum buffers buffers = take_buffers(net, sizeof(struct header) + frame.len, &count);
            if (buffers == BUFFERS_MISSING) {
                net->starved = true;
                break;
            }
            if (buffers == BUFFERS_TAKEN) {
                deliver(net, count, net->pool + netring_receive_offset(ring->position), frame.len,
                        (frame.flags & NET_CHECKED) != 0);
            }
            lost = buffers == BUFFERS_TOO_SMALL;
        }
        net->lost_receiving += lost;
        ring->position++;
    }
    if (netring_publish(ring)) {
        net->signal = true;
    }
}

/* ------------------------------------------------------------------ everything */

/* Asks for the notifications that something waits for, from the guest and from the server. Answers whether there is
 * more to do already. */
static bool sleep(struct virtio_net *net)
{
    bool there = served(net);
    struct virtqueue *rx = &net->virtio.queue[QUEUE_RECEIVE], *tx = &net->virtio.queue[QUEUE_TRANSMIT];
    bool more = false;
    if (net->starved) {
        (void)virtqueue_sleep(rx, 0);
    } else {
        virtqueue_mute(rx);
        more = there && netring_ask(&net->link.receive, 1);
    }
    if (net->blocked) {
        virtqueue_mute(tx);
        more = (there && netring_ask(&net->link.transmit, ROOM)) || more;
    } else if (net->lingers) {
        virtqueue_mute(tx);
    } else {
        (void)virtqueue_sleep(tx, 0);
    }
    return more;
}

/* A guest that is not there reads nothing: what comes for it is lost. */
static void discard(struct virtio_net *net)
{
    struct netring *ring = &net->link.receive;
    uint32_t count = netring_pending(ring);
    ring->position += count;
    net->lost_receiving += count;
    if (netring_publish(ring)) {
        net->signal = true;
    }
}

/* A driver takes frames back when it sends or receives the next: an interrupt for each one sent would be for nothing. */
static void put_off(struct virtio_net *net)
{
    struct virtqueue *queue = &net->virtio.queue[QUEUE_TRANSMIT];
    if (virtqueue_untold(queue) >= queue->size / UNTOLD_PART) {
        virtio_net_tell(net);
        return;
    }
    bool owes = queue->enabled && virtqueue_owes_interrupt(queue);
    net->owes_new = owes && (net->owes_new || !net->owes);
    net->owes = owes;
}

void virtio_net_tell(struct virtio_net *net)
{
    net->owes = net->owes_new = false;
    virtio_complete(&net->virtio, QUEUE_TRANSMIT);
}

/* The guest stands still meanwhile, but a server can fill a ring as fast as it is emptied: so turns are bounded. */
#define TURNS 4u

bool virtio_net_work(struct virtio_net *net)
{
    bool more = false;
    if (netlink_check(&net->link) == NETLINK_REBUILT) {
        netlink_follow(&net->link);
        net->signal = true;
    }
    show_link(net);
    net->lingers = false;
    if (!virtio_runs(&net->virtio)) {
        if (served(net)) {
            discard(net);
        }
        return false;
    }
    put_off(net); /* what it has taken back meanwhile is not owed */
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        if (served(net)) {
            receive(net);
        }
        send(net);
        more = sleep(net);
        if (!more) {
            break;
        }
    }
    virtio_complete(&net->virtio, QUEUE_RECEIVE);
    put_off(net);
    return more || link_up(net) != net->up; /* the link broke while it was looked at */
}

bool virtio_net_look(struct virtio_net *net)
{
    return net->lingers && virtio_net_work(net);
}

void virtio_net_reset(struct virtio_net *net)
{
    net->blocked = net->starved = net->lingers = net->owes = net->owes_new = false;
}
