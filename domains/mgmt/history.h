/* The last bytes of a stream, by free-running position. Readers keep their own position. */
#ifndef BULKHEAD_MGMT_HISTORY_H
#define BULKHEAD_MGMT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct history {
    uint8_t *bytes;
    uint32_t capacity; /* a power of two */
    uint64_t written;  /* bytes ever put */
};

/* @capacity: a power of two, the size of @bytes. */
void history_init(struct history *history, uint8_t *bytes, uint32_t capacity);
void history_put(struct history *history, const uint8_t *bytes, size_t count);
/* Position of the oldest byte still kept. */
uint64_t history_oldest(const struct history *history);
/* Copies at most @capacity bytes from *@position on, and moves it; a position that has been overwritten, or was
 * never reached, is first moved to the oldest byte kept. */
size_t history_read(const struct history *history, uint64_t *position, uint8_t *out, size_t capacity);
/* Bytes that can be put without overwriting what a reader at @position has not read. */
size_t history_room(const struct history *history, uint64_t position);

#endif
