/* Byte rings in a channel (struct console_channel, idl/channel.idl), for either end.
 *
 * Trust: the page is shared with a domain that may be hostile, so
 *  - a ring's own counter lives in private memory; the shared copy is written, never believed;
 *  - the other side's counter is read once per operation and the copy is checked against the capacity;
 *  - an impossible counter is counted in `corruptions`: a reader throws away what it cannot trust and goes
 *    on from there, a writer treats the ring as full;
 *  - bytes are copied out before anyone looks at them.
 * When builder rebuilds the other end it zeroes the page and raises `epoch`: both ends start over. */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/channel.h>

enum ring_end { RING_END_A, RING_END_B };

struct ring {
    volatile uint8_t *bytes;
    volatile uint32_t *own;   /* counter this side advances */
    volatile uint32_t *other; /* counter the other side advances */
    volatile uint32_t *epoch;
    uint32_t capacity; /* a power of two, from the IDL, never from the page */
    uint32_t position; /* the private truth behind *own */
    uint32_t epoch_seen;
    uint64_t corruptions;
};

/* The ring that @end writes, or reads. */
void ring_open_writer(struct ring *ring, struct console_channel *channel, enum ring_end end);
void ring_open_reader(struct ring *ring, struct console_channel *channel, enum ring_end end);

/* Bytes that a write would take, or a read would give, now. */
uint32_t ring_space(struct ring *ring);
uint32_t ring_pending(struct ring *ring);

/* Copies what fits, or what is there; answers the bytes moved. Ringing the bell is the caller's business. */
size_t ring_write(struct ring *ring, const void *data, size_t len_bytes);
size_t ring_read(struct ring *ring, void *data, size_t len_bytes);

/* All of it or nothing. */
bool ring_write_whole(struct ring *ring, const void *data, size_t len_bytes);

/* The state word that end a shows to end b. */
void channel_status_write(struct console_channel *channel, uint64_t status);
uint64_t channel_status_read(const struct console_channel *channel);

#endif
