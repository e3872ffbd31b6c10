#include "fake_link.h"

#include "check.h"

static uint32_t crc_table_entry(uint32_t index)
{
    for (unsigned bit = 0; bit < 8; bit++)
        index = (index & 1) != 0 ? 0xedb88320u ^ index >> 1 : index >> 1;
    return index;
}

static uint32_t crc_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = 0xffffffffu;
    for (size_t index = 0; index < count; index++)
        crc = crc_table_entry((crc ^ bytes[index]) & 0xff) ^ crc >> 8;
    return crc ^ 0xffffffffu;
}

size_t fake_frame(const uint8_t *payload, size_t count, uint8_t out[FAKE_FRAME_BYTES])
{
    uint8_t covered[FAKE_FRAME_BYTES];
    CHECK(count + 8 <= FAKE_FRAME_BYTES);
    CHECK(crc_of((const uint8_t *)"123456789", 9) == 0xcbf43926);
    covered[0] = (uint8_t)count;
    covered[1] = (uint8_t)(count >> 8);
    memcpy(covered + 2, payload, count);
    const uint32_t crc = crc_of(covered, count + 2);
    const uint8_t header[] = {0xe5,
                              0xb7,
                              covered[0],
                              covered[1],
                              (uint8_t)crc,
                              (uint8_t)(crc >> 8),
                              (uint8_t)(crc >> 16),
                              (uint8_t)(crc >> 24)};
    memcpy(out, header, sizeof(header));
    memcpy(out + sizeof(header), payload, count);
    return sizeof(header) + count;
}

size_t fake_request(const char *words, uint8_t out[FAKE_FRAME_BYTES])
{
    static const char *const verbs[] = {"ps", "kill", "restart", "pause", "resume", "focus", "quit"};
    uint8_t payload[200] = {0x82, 0, FAKE_NUMBER};
    const char *const space = strchr(words, ' ');
    const size_t length = space != NULL ? (size_t)(space - words) : strlen(words);
    size_t count = 3;
    for (payload[1] = 0; payload[1] < 7; payload[1]++)
        if (strlen(verbs[payload[1]]) == length && memcmp(verbs[payload[1]], words, length) == 0)
            break;
    if (space != NULL) {
        const size_t name = strlen(space + 1);
        CHECK(name < 100);
        payload[0] = 0x83;
        if (name < 24) {
            payload[count++] = (uint8_t)(0x60 | name);
        } else {
            payload[count++] = 0x78;
            payload[count++] = (uint8_t)name;
        }
        memcpy(payload + count, space + 1, name);
        count += name;
    }
    return fake_frame(payload, count, out);
}

struct render {
    const uint8_t *bytes;
    size_t count, at;
    char *out;
    size_t capacity, length;
};

static void say(struct render *render, const char *bytes, size_t count)
{
    CHECK(render->length + count < render->capacity);
    memcpy(render->out + render->length, bytes, count);
    render->length += count;
}

static uint64_t argument(struct render *render, unsigned low)
{
    uint64_t value = low;
    if (low < 24)
        return value;
    CHECK(low < 28);
    value = 0;
    for (unsigned left = 1u << (low - 24); left != 0; left--) {
        CHECK(render->at < render->count);
        value = value << 8 | render->bytes[render->at++];
    }
    return value;
}

/* Arrays that are open: how many items each still wants. */
static void render_payload(struct render *render)
{
    uint64_t open[8];
    unsigned depth = 0;
    do {
        char number[24];
        CHECK(render->at < render->count);
        const uint8_t head = render->bytes[render->at++];
        const uint64_t value = argument(render, head & 31);
        bool opened = false;
        switch (head >> 5) {
        case 0:
            say(render, number, (size_t)snprintf(number, sizeof(number), "%llu", (unsigned long long)value));
            break;
        case 2:
        case 3:
            CHECK(value <= render->count - render->at);
            say(render, "\"", 1);
            say(render, (const char *)render->bytes + render->at, (size_t)value);
            say(render, "\"", 1);
            render->at += (size_t)value;
            break;
        case 4:
            CHECK(depth < 8);
            say(render, "[", 1);
            open[depth++] = value;
            opened = true;
            break;
        case 7:
            CHECK(value >= 20 && value <= 22);
            say(render, value == 20 ? "false" : value == 21 ? "true" : "null", value == 20 ? 5 : 4);
            break;
        default:
            CHECK(false);
        }
        if (opened && open[depth - 1] != 0)
            continue;
        if (opened)
            open[depth - 1] = 1;
        while (depth != 0 && --open[depth - 1] == 0) {
            say(render, "]", 1);
            depth--;
        }
        if (depth != 0)
            say(render, ",", 1);
    } while (depth != 0);
}

void fake_render(const uint8_t *bytes, size_t count, char *out, size_t capacity)
{
    struct render render = {
        .bytes = bytes, .count = 0, .at = 0, .out = out, .capacity = capacity, .length = 0};
    while (render.at < count) {
        const uint8_t *const frame = bytes + render.at;
        CHECK(count - render.at >= 8 && frame[0] == 0xe5 && frame[1] == 0xb7);
        const size_t length = (size_t)frame[2] | (size_t)frame[3] << 8;
        CHECK(length != 0 && length <= count - render.at - 8);
        uint8_t *const covered = malloc(length + 2);
        memcpy(covered, frame + 2, 2);
        memcpy(covered + 2, frame + 8, length);
        const uint32_t crc = crc_of(covered, length + 2);
        free(covered);
        CHECK(crc == ((uint32_t)frame[4] | (uint32_t)frame[5] << 8 | (uint32_t)frame[6] << 16 |
                      (uint32_t)frame[7] << 24));
        render.at += 8;
        render.count = render.at + length;
        render_payload(&render);
        CHECK(render.at == render.count);
        say(&render, "\n", 1);
    }
    out[render.length] = '\0';
}
