/* A peer that writes whatever it likes into the shared page, between any two operations of this end. The page
 * stands in a heap block of its exact size, so that ASan sees the first byte outside of it. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One step: an operation, and the peer's word before it. */
struct step {
    uint8_t operation, length, word, value[4];
};

static void hostile_word(struct console_channel *channel, const struct step *step)
{
    uint32_t value;
    memcpy(&value, step->value, sizeof value);
    memcpy((uint8_t *)channel + step->word % 6 * 4u, &value, sizeof value);
}

static void act(struct ring *rings, const struct step *step)
{
    uint8_t buffer[9000] = {0};
    struct ring *writer = &rings[step->operation & 1], *reader = &rings[2 + (step->operation & 1)];
    size_t length = step->length * 35u, moved = 0;
    switch (step->operation / 2 % 4) {
    case 0:
        moved = ring_write(writer, buffer, length);
        break;
    case 1:
        moved = ring_read(reader, buffer, length);
        break;
    case 2:
        moved = ring_write_whole(writer, buffer, length) ? length : 0;
        break;
    default:
        if (ring_space(writer) > writer->capacity || ring_pending(reader) > reader->capacity) {
            abort();
        }
        break;
    }
    if (moved > length) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct console_channel *channel = calloc(1, sizeof *channel);
    struct ring rings[4];
    ring_open_writer(&rings[0], channel, RING_END_A);
    ring_open_writer(&rings[1], channel, RING_END_B);
    ring_open_reader(&rings[2], channel, RING_END_A);
    ring_open_reader(&rings[3], channel, RING_END_B);
    for (size_t at = 0; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
        struct step step;
        memcpy(&step, data + at, sizeof step);
        if ((step.operation & 0x80) != 0) {
            hostile_word(channel, &step);
        }
        act(rings, &step);
    }
    free(channel);
    return 0;
}
