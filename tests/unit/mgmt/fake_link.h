/* The host's end of the machine link: frames made and read by other code than mgmt's. */
#ifndef TEST_MGMT_FAKE_LINK_H
#define TEST_MGMT_FAKE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_NUMBER = 7, FAKE_FRAME_BYTES = 600 };

/* A frame around @payload; returns its length. */
size_t fake_frame(const uint8_t *payload, size_t count, uint8_t out[FAKE_FRAME_BYTES]);
/* `kill a` as a frame with FAKE_NUMBER; the words are those of enum link_verb. */
size_t fake_request(const char *words, uint8_t out[FAKE_FRAME_BYTES]);
/* Every frame in @bytes, which must be nothing but whole frames, a line each in the notation of JSON; terminated. */
void fake_render(const uint8_t *bytes, size_t count, char *out, size_t capacity);

#endif
