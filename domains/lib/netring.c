#include "netring.h"

_Static_assert(NET_LIMITS_RECEIVE_OFFSET >= NET_LIMITS_RING * NET_LIMITS_SLOT_BYTES,
               "transmission's slots fit");
_Static_assert(NET_LIMITS_HEADER_OFFSET >=
                   NET_LIMITS_RECEIVE_OFFSET + NET_LIMITS_RING * NET_LIMITS_SLOT_BYTES,
               "reception's slots fit");
_Static_assert(NET_LIMITS_POOL_BYTES >= NET_LIMITS_HEADER_OFFSET + NET_LIMITS_RING * NET_LIMITS_HEADER_BYTES,
               "the headers fit");
_Static_assert(NET_LIMITS_FRAME_BYTES <= NET_LIMITS_SLOT_BYTES, "a frame fits its slot");

static void ring_over(struct netring *ring, bool producer, volatile uint32_t *head, volatile uint32_t *tail,
                      volatile uint32_t *head_event, volatile uint32_t *tail_event)
{
    ring->producer = producer;
    ring->own = producer ? head : tail;
    ring->other = producer ? tail : head;
    ring->own_event = producer ? tail_event : head_event;
    ring->other_event = producer ? head_event : tail_event;
}

void netlink_open_net(struct netlink *link, struct net_channel *channel, enum netlink_end end)
{
    bool a = end == NETLINK_END_A;
    link->epoch = &channel->epoch;
    link->own_epoch = a ? &channel->epoch_a : &channel->epoch_b;
    link->other_epoch = a ? &channel->epoch_b : &channel->epoch_a;
    ring_over(&link->transmit, a, &channel->transmit_head, &channel->transmit_tail, &channel->transmit_event,
              &channel->transmit_done_event);
    ring_over(&link->receive, !a, &channel->receive_head, &channel->receive_tail, &channel->receive_event,
              &channel->receive_space_event);
    netlink_follow(link);
}

void netlink_open_netdev(struct netlink *link, struct netdev_channel *channel, enum netlink_end end)
{
    bool a = end == NETLINK_END_A;
    link->epoch = &channel->epoch;
    link->own_epoch = a ? &channel->epoch_a : &channel->epoch_b;
    link->other_epoch = a ? &channel->epoch_b : &channel->epoch_a;
    ring_over(&link->transmit, a, &channel->transmit_head, &channel->transmit_tail, &channel->transmit_event,
              &channel->transmit_done_event);
    ring_over(&link->receive, !a, &channel->receive_head, &channel->receive_tail, &channel->receive_event,
              &channel->receive_space_event);
    netlink_follow(link);
}

/* The first event of both ends is the first movement: an end that has not yet asked is not overlooked. */
static void ring_reset(struct netring *ring)
{
    ring->position = 0;
    ring->told = 0;
    ring->seen = 0;
    ring->asked = 1;
    ring->broken = false;
    *ring->own = 0;
    *ring->own_event = ring->asked;
}

void netlink_follow(struct netlink *link)
{
    link->followed = *link->epoch;
    ring_reset(&link->transmit);
    ring_reset(&link->receive);
    __atomic_store_n(link->own_epoch, link->followed, __ATOMIC_RELEASE);
}
