/* The rings of idl/net.idl, for either end of a `net` channel (VMM and netvirt) or a `netdev` channel (netvirt and netdrv).
 *
 * Trust: the page is shared with a domain that may be hostile, so
 *  - an end's own counters live in private memory; the shared copies are written, never believed;
 *  - the other end's counter is read once per operation, and only one that moves forward within the ring is taken.
 *    After any other the ring is *broken*: it gives and takes nothing until a new epoch;
 *  - an entry is copied once (netring_frame, netring_transmit_entry), then checked by its reader.
 *
 * Epochs: builder zeroes the page and raises `epoch` when it rebuilds an end. The end that lives on may write a counter of
 * the past into the new page before it notices, so each end shows the epoch that its counters belong to, and nobody looks
 * at the counters of an end that shows another: netlink_check().
 *
 * Signals: an event is the counter's value from which its reader wants one. The reader of a counter asks by netring_ask()
 * and looks once more; its writer publishes, then looks at the event (netring_publish). A full barrier on both sides stands
 * between their store and their load, the one reordering that x86 does ([SDM-2023-09] Vol 3A 9.2.3.4). */
#ifndef LIB_NETRING_H
#define LIB_NETRING_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/net.h>

#define NETRING_ENTRIES ((uint32_t)NET_LIMITS_RING)
_Static_assert((NETRING_ENTRIES & (NETRING_ENTRIES - 1)) == 0, "free-running counters need a power of two");

/* One direction, one end. A producer's own counter is the head, a consumer's the tail. */
struct netring {
    volatile uint32_t *own;
    volatile uint32_t *other;
    volatile uint32_t *own_event;   /* from which value of *other this end wants a signal */
    volatile uint32_t *other_event; /* from which value of *own the other end wants one */
    uint32_t position;              /* the private truth behind *own */
    uint32_t told;                  /* *own as published last */
    uint32_t seen;                  /* the last *other that was possible */
    uint32_t asked;                 /* *own_event as written last */
    bool producer;
    bool broken;
};

/* One end of a channel. */
struct netlink {
    volatile uint32_t *epoch; /* builder's */
    volatile uint32_t *own_epoch;
    volatile uint32_t *other_epoch;
    uint32_t followed;
    struct netring transmit, receive;
};

enum netlink_state {
    NETLINK_TOGETHER, /* both ends follow this epoch */
    NETLINK_APART,    /* the other end does not follow it yet: nothing in the page means anything */
    NETLINK_REBUILT   /* a new epoch: netlink_follow() when what belongs to the old one is settled */
};

enum netlink_end { NETLINK_END_A, NETLINK_END_B };

/* Both begin in the page's present epoch, as netlink_follow() does. */
void netlink_open_net(struct netlink *link, struct net_channel *channel, enum netlink_end end);
void netlink_open_netdev(struct netlink *link, struct netdev_channel *channel, enum netlink_end end);

/* Starts over with all counters zero. Whoever waits for this end's epoch must be signalled. */
void netlink_follow(struct netlink *link);

static inline enum netlink_state netlink_check(const struct netlink *link)
{
    uint32_t epoch = *link->epoch;
    if (epoch != link->followed) {
        return NETLINK_REBUILT;
    }
    return __atomic_load_n(link->other_epoch, __ATOMIC_ACQUIRE) == epoch ? NETLINK_TOGETHER : NETLINK_APART;
}

static inline bool netlink_broken(const struct netlink *link)
{
    return link->transmit.broken || link->receive.broken;
}

/* Reads the other end's counter; answers whether there is one to believe in `seen`. A tail may move up to the head, a head
 * up to a full ring beyond the tail. */
static inline bool netring_look(struct netring *ring)
{
    uint32_t other = __atomic_load_n(ring->other, __ATOMIC_ACQUIRE);
    uint32_t bound = ring->producer ? ring->position : ring->position + NETRING_ENTRIES;
    if (ring->broken || other - ring->seen > bound - ring->seen) {
        ring->broken = true;
        return false;
    }
    ring->seen = other;
    return true;
}

/* Producer: entries that can be filled. */
static inline uint32_t netring_space(struct netring *ring)
{
    return netring_look(ring) ? NETRING_ENTRIES - (ring->position - ring->seen) : 0;
}

/* Consumer: entries that can be taken. */
static inline uint32_t netring_pending(struct netring *ring)
{
    return netring_look(ring) ? ring->seen - ring->position : 0;
}

/* The place in the ring, and so the slot of the pool, of the counter's value @position. */
static inline uint32_t netring_index(uint32_t position)
{
    return position & (NETRING_ENTRIES - 1);
}

/* Shows the position, and answers whether the other end wants to be signalled for it. */
static inline bool netring_publish(struct netring *ring)
{
    uint32_t before = ring->told;
    if (before == ring->position) {
        return false;
    }
    ring->told = ring->position;
    __atomic_store_n(ring->own, ring->position, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return ring->position - *ring->other_event < ring->position - before;
}

/* Asks for a signal when the other end's counter has moved by @count, 1 to NETRING_ENTRIES, from what was seen. Answers
 * whether it has already: then this end must go on, because no signal may come. */
static inline bool netring_ask(struct netring *ring, uint32_t count)
{
    uint32_t event = ring->seen + count;
    if (event != ring->asked) {
        ring->asked = event;
        __atomic_store_n(ring->own_event, event, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return netring_look(ring) && event - ring->seen - 1 >= count;
}

/* The one reading of an entry: two fields in one load, so that they belong together. */
static inline struct net_frame netring_frame(const struct net_frame *entry)
{
    uint64_t word = *(const volatile uint64_t *)(const volatile void *)entry;
    return (struct net_frame){
        .len = (uint16_t)word, .flags = (uint16_t)(word >> 16), .reserved = (uint32_t)(word >> 32)};
}
_Static_assert(sizeof(struct net_frame) == sizeof(uint64_t), "one load");

static inline struct net_transmit netring_transmit_entry(const struct net_transmit *entry)
{
    const volatile struct net_transmit *shared = entry;
    return (struct net_transmit){.header = shared->header,
                                 .rest = shared->rest,
                                 .header_len = shared->header_len,
                                 .rest_len = shared->rest_len,
                                 .flags = shared->flags};
}

/* Where a pool keeps the frame of the counter's value @position. */
static inline uint32_t netring_transmit_offset(uint32_t position)
{
    return netring_index(position) * (uint32_t)NET_LIMITS_SLOT_BYTES;
}

static inline uint32_t netring_receive_offset(uint32_t position)
{
    return (uint32_t)NET_LIMITS_RECEIVE_OFFSET + netring_index(position) * (uint32_t)NET_LIMITS_SLOT_BYTES;
}

static inline uint32_t netring_header_offset(uint32_t position)
{
    return (uint32_t)NET_LIMITS_HEADER_OFFSET + netring_index(position) * (uint32_t)NET_LIMITS_HEADER_BYTES;
}

#endif
