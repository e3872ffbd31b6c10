/* Generated from idl/net.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* A pool: @ring slots of @slot_bytes for transmission, then as many for reception; then, in netvirt's own pool, @ring copies of
 * headers. */
enum net_limits {
    NET_LIMITS_RING = 256, NET_LIMITS_SLOT_BYTES = 2048, NET_LIMITS_RECEIVE_OFFSET = 524288, NET_LIMITS_HEADER_OFFSET = 1048576,
    NET_LIMITS_HEADER_BYTES = 128, NET_LIMITS_POOL_BYTES = 2097152, NET_LIMITS_FRAME_BYTES = 1518
};

/* Flags of a frame received: the device found its UDP or TCP checksum right. */
enum net_flags { NET_CHECKED = 1 << 0 };

struct net_frame { uint16_t len, flags; uint32_t reserved; };

/* Device addresses; rest_len may be 0. */
struct net_transmit { uint64_t header, rest; uint16_t header_len, rest_len; uint32_t flags; uint64_t reserved; };

/* Ends: a is the VMM, b is netvirt. Entry n of a ring belongs to slot n of the pool. A tail that passes an entry gives its slot
 * back. Free-running counters, reset by each end as it takes up a new epoch; an event is the counter's value from which its
 * reader wants a signal. */
struct net_channel {
    uint32_t epoch, state, transmit_head, receive_tail, receive_event, transmit_done_event, epoch_a, pad_a[9], transmit_tail;
    uint32_t receive_head, transmit_event, receive_space_event, link, epoch_b, pad_b[10];
    struct net_frame transmit[256], receive[256]; uint8_t unused_[3968];
};

/* Ends: a is netvirt, b is netdrv. Reception uses the slots of netvirt's pool (at offset receive_offset) in turn. */
struct netdev_channel {
    uint32_t epoch, state, transmit_head, receive_tail, receive_event, transmit_done_event, epoch_a, ping, pad_a[8], transmit_tail;
    uint32_t receive_head, transmit_event, receive_space_event, epoch_b, link, pong, pad_b[1]; uint64_t mac;
    uint32_t speed_mbit, resets; uint64_t received, sent, missed, errors; struct net_transmit transmit[256];
    struct net_frame receive[256]; uint8_t unused_[6000];
};
