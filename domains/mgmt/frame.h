/* Frames of the machine link (idl/mgmt.idl): whole ones come out, whatever the line did to the others. */
#ifndef BULKHEAD_MGMT_FRAME_H
#define BULKHEAD_MGMT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/mgmt.h>

enum {
    FRAME_HEADER_BYTES = LINK_LIMITS_HEADER,
    FRAME_REQUEST_BYTES = LINK_LIMITS_REQUEST_BYTES,
    FRAME_MESSAGE_BYTES = LINK_LIMITS_MESSAGE_BYTES
};

/* What was dropped, a count for each run of bytes that made no frame. */
struct frame_losses {
    uint32_t bad;       /* no mark where a frame must begin, or the CRC is wrong */
    uint32_t cut;       /* its end did not come */
    uint32_t oversized; /* longer than any request, or empty */
};

struct frame_reader {
    uint8_t bytes[FRAME_HEADER_BYTES + FRAME_REQUEST_BYTES];
    size_t length;
    size_t taken;      /* bytes at the beginning that are a frame already handed out */
    uint64_t heard_ns; /* when the last byte came */
    bool hunting;      /* looking for a mark: what is dropped is counted already */
    struct frame_losses losses;
};

/* Fills the header in front of @length bytes of payload, which lie FRAME_HEADER_BYTES behind @frame. */
void frame_seal(uint8_t *frame, size_t length);
/* Takes one byte. After each: frame_next until there is none. */
void frame_put(struct frame_reader *reader, uint8_t byte, uint64_t now_ns);
/* The next whole frame; its payload stays where @payload points until the next call. */
bool frame_next(struct frame_reader *reader, const uint8_t **payload, size_t *length);
/* Half a frame that has lain for too long is dropped, and what stands behind it can be taken. True: half a frame lies
 * there still. */
bool frame_check_silence(struct frame_reader *reader, uint64_t now_ns);

#endif
