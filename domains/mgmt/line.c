#include "line.h"

enum {
    KEY_CTRL_C = 0x03,
    KEY_BACKSPACE = 0x08,
    KEY_LINE_FEED = 0x0a,
    KEY_RETURN = 0x0d,
    KEY_CTRL_U = 0x15,
    KEY_DELETE = 0x7f,
};

void line_reset(struct line *line)
{
    line->length = 0;
    line->overlong = false;
}

static enum line_event line_add(struct line *line, uint8_t byte)
{
    if (byte < 0x20 || byte > 0x7e)
        return LINE_IGNORED;
    if (line->length == LINE_MAX_BYTES) {
        line->overlong = true;
        return LINE_IGNORED;
    }
    line->bytes[line->length++] = (char)byte;
    return LINE_ADDED;
}

enum line_event line_put(struct line *line, uint8_t byte)
{
    switch (byte) {
    case KEY_RETURN:
    case KEY_LINE_FEED:
        return line->overlong ? LINE_TOO_LONG : LINE_DONE;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        if (line->length == 0)
            return LINE_IGNORED;
        line->length--;
        return LINE_ERASED;
    case KEY_CTRL_C:
    case KEY_CTRL_U:
        line_reset(line);
        return LINE_CLEARED;
    default:
        return line_add(line, byte);
    }
}
