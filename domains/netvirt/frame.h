/* An Ethernet header in two words, as two loads read it: no shared byte is looked at twice.
 * Source: [IEEE-802.3] 3.1.1 and 3.2; tags [IEEE-802.1Q] 9.3 to 9.6; addresses that no bridge forwards 8.6.3. */
#ifndef NETVIRT_FRAME_H
#define NETVIRT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum {
    FRAME_LEAST = 14,  /* two addresses and a type */
    FRAME_MOST = 1514, /* without tag and check sequence */
    FRAME_TAG_BYTES = 4,
    FRAME_ADDRESS_BYTES = 12
};

enum frame_type {
    FRAME_TYPE_TAG = 0x8100,         /* customer VLAN tag */
    FRAME_TYPE_SERVICE_TAG = 0x88a8, /* service VLAN tag */
    FRAME_TYPE_OLD_TAG = 0x9100,     /* what some switches take for one */
    FRAME_TYPE_MAC_CONTROL = 0x8808  /* pause frames: of the wire, which tenants share */
};

#define FRAME_MAC_MASK UINT64_C(0xffffffffffff)

struct frame_header {
    uint64_t word[2]; /* the first 16 bytes */
};

static inline struct frame_header frame_load(const uint8_t *frame)
{
    const volatile uint64_t *words = (const volatile uint64_t *)(const volatile void *)frame;
    return (struct frame_header){.word = {words[0], words[1]}};
}

/* Addresses with their first byte lowest. */
static inline uint64_t frame_destination(const struct frame_header *header)
{
    return header->word[0] & FRAME_MAC_MASK;
}

static inline uint64_t frame_source(const struct frame_header *header)
{
    return header->word[0] >> 48 | (header->word[1] & UINT32_MAX) << 16;
}

static inline uint16_t frame_type(const struct frame_header *header)
{
    return __builtin_bswap16((uint16_t)(header->word[1] >> 32));
}

/* The identifier in a tag that follows the addresses. */
static inline uint16_t frame_vlan(const struct frame_header *header)
{
    return __builtin_bswap16((uint16_t)(header->word[1] >> 48)) & 0xfff;
}

/* To more than one station. */
static inline bool frame_is_group(uint64_t destination)
{
    return (destination & 1) != 0;
}

/* 01:80:c2:00:00:00 to 0f: spanning tree, pause, link layer discovery. */
static inline bool frame_is_link_local(uint64_t destination)
{
    return (destination & UINT64_C(0xf0ffffffffff)) == UINT64_C(0x0000c28001);
}

/* Types that a tenant may not send: tags are netvirt's to set, and the wire's flow control is not one tenant's. */
static inline bool frame_type_reserved(uint16_t type)
{
    return type == FRAME_TYPE_TAG || type == FRAME_TYPE_SERVICE_TAG || type == FRAME_TYPE_OLD_TAG ||
           type == FRAME_TYPE_MAC_CONTROL;
}

#endif
