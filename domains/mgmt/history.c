#include "history.h"

#include <assert.h>

void history_init(struct history *history, uint8_t *bytes, uint32_t capacity)
{
    assert(capacity != 0 && (capacity & (capacity - 1)) == 0);
    *history = (struct history){.bytes = bytes, .capacity = capacity, .written = 0};
}

void history_put(struct history *history, const uint8_t *bytes, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        history->bytes[history->written % history->capacity] = bytes[index];
        history->written++;
    }
}

uint64_t history_oldest(const struct history *history)
{
    return history->written > history->capacity ? history->written - history->capacity : 0;
}

static uint64_t history_clamp(const struct history *history, uint64_t position)
{
    const uint64_t oldest = history_oldest(history);
    return position < oldest || position > history->written ? oldest : position;
}

size_t history_read(const struct history *history, uint64_t *position, uint8_t *out, size_t capacity)
{
    uint64_t from = history_clamp(history, *position);
    size_t count = 0;
    while (count < capacity && from < history->written)
        out[count++] = history->bytes[from++ % history->capacity];
    *position = from;
    return count;
}

size_t history_room(const struct history *history, uint64_t position)
{
    const uint64_t unread = history->written - history_clamp(history, position);
    return (size_t)(history->capacity - unread);
}
