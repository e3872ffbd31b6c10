/* Collects one line from bytes as they arrive. */
#ifndef BULKHEAD_MGMT_LINE_H
#define BULKHEAD_MGMT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_MAX_BYTES = 255 };

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t length;
    bool overlong; /* more came than fits */
};

enum line_event {
    LINE_IGNORED, /* a control character, or a byte beyond the limit */
    LINE_ADDED,   /* echo the byte */
    LINE_ERASED,  /* echo backspace, space, backspace */
    LINE_CLEARED, /* Ctrl-C, Ctrl-U: drop what was typed */
    LINE_DONE,    /* bytes and length are a whole line; line_reset starts the next */
    LINE_TOO_LONG /* as LINE_DONE, but the line is to be refused */
};

enum line_event line_put(struct line *line, uint8_t byte);
void line_reset(struct line *line);

#endif
