#include "frame.h"

#include <string.h>

enum { AT_LENGTH = 2, AT_CRC = 4, LENGTH_BYTES = AT_CRC - AT_LENGTH };

static const uint64_t SILENCE_NS = (uint64_t)LINK_LIMITS_SILENCE_MS * 1000 * 1000;

/* [IEEE-802.3] 3.2.9, with its bits reversed as usual in software. Bit by bit: the line is slower. */
static uint32_t crc32(uint32_t crc, const uint8_t *bytes, size_t count)
{
    static const uint32_t polynomial = 0xedb88320;
    for (size_t index = 0; index < count; index++) {
        crc ^= bytes[index];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (polynomial & (0u - (crc & 1)));
    }
    return crc;
}

static uint32_t frame_crc(const uint8_t *frame, size_t length)
{
    const uint32_t over_length = crc32(UINT32_MAX, frame + AT_LENGTH, LENGTH_BYTES);
    return ~crc32(over_length, frame + FRAME_HEADER_BYTES, length);
}

static void store(uint8_t *bytes, uint32_t value, size_t count)
{
    for (size_t index = 0; index < count; index++)
        bytes[index] = (uint8_t)(value >> (8 * index));
}

static uint32_t load(const uint8_t *bytes, size_t count)
{
    uint32_t value = 0;
    for (size_t index = 0; index < count; index++)
        value |= (uint32_t)bytes[index] << (8 * index);
    return value;
}

void frame_seal(uint8_t *frame, size_t length)
{
    store(frame, LINK_LIMITS_MARK, AT_LENGTH);
    store(frame + AT_LENGTH, (uint32_t)length, LENGTH_BYTES);
    store(frame + AT_CRC, frame_crc(frame, length), FRAME_HEADER_BYTES - AT_CRC);
}

static void drop(struct frame_reader *reader, size_t count)
{
    reader->length -= count;
    memmove(reader->bytes, reader->bytes + count, reader->length);
}

/* The first byte begins no frame: on to the next that may. */
static void lose(struct frame_reader *reader, uint32_t *counter)
{
    if (!reader->hunting)
        ++*counter;
    reader->hunting = true;
    drop(reader, 1);
}

/* True: a whole frame stands at the beginning. */
static bool settle(struct frame_reader *reader)
{
    struct frame_losses *const losses = &reader->losses;
    while (reader->length != 0) {
        const size_t marks = reader->length < AT_LENGTH ? reader->length : AT_LENGTH;
        if (load(reader->bytes, marks) != (LINK_LIMITS_MARK & (marks == 1 ? 0xffu : 0xffffu))) {
            lose(reader, &losses->bad);
            continue;
        }
        if (reader->length < AT_CRC)
            return false;
        const size_t length = load(reader->bytes + AT_LENGTH, LENGTH_BYTES);
        if (length == 0 || length > FRAME_REQUEST_BYTES) {
            lose(reader, &losses->oversized);
            continue;
        }
        if (reader->length < FRAME_HEADER_BYTES + length)
            return false;
        if (load(reader->bytes + AT_CRC, FRAME_HEADER_BYTES - AT_CRC) == frame_crc(reader->bytes, length))
            return true;
        lose(reader, &losses->bad);
    }
    return false;
}

void frame_put(struct frame_reader *reader, uint8_t byte, uint64_t now_ns)
{
    if (reader->length == 0 && now_ns - reader->heard_ns >= SILENCE_NS)
        reader->hunting = false; /* what comes after a silence begins anew */
    /* frame_next leaves less than the longest frame, so there is room. */
    reader->bytes[reader->length++] = byte;
    reader->heard_ns = now_ns;
}

bool frame_next(struct frame_reader *reader, const uint8_t **payload, size_t *length)
{
    drop(reader, reader->taken);
    reader->taken = 0;
    if (!settle(reader))
        return false;
    *length = load(reader->bytes + AT_LENGTH, LENGTH_BYTES);
    *payload = reader->bytes + FRAME_HEADER_BYTES;
    reader->taken = FRAME_HEADER_BYTES + *length;
    reader->hunting = false;
    return true;
}

bool frame_check_silence(struct frame_reader *reader, uint64_t now_ns)
{
    if (now_ns - reader->heard_ns < SILENCE_NS)
        return reader->length != 0;
    if (reader->length != 0)
        lose(reader, &reader->losses.cut);
    while (reader->length != 0 && !settle(reader))
        if (reader->length != 0)
            drop(reader, 1);
    return false;
}
