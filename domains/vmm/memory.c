#include "memory.h"

#include <string.h>

void memory_init(struct memory *memory, void *view, uint64_t bytes)
{
    *memory = (struct memory){.view = view};
    memory->low_bytes = min_u64(bytes, MEMORY_LOW_MAX);
    memory->high_bytes = bytes - memory->low_bytes;
}

/* Offset in the view of [address, address + len); false if not all of it is RAM of one range. */
static bool view_offset(const struct memory *memory, uint64_t address, uint64_t len, uint64_t *offset)
{
    if (len != 0 && address < memory->low_bytes && len <= memory->low_bytes - address) {
        *offset = address;
        return true;
    }
    uint64_t above = address - MEMORY_HIGH_BASE;
    if (len != 0 && address >= MEMORY_HIGH_BASE && above < memory->high_bytes &&
        len <= memory->high_bytes - above) {
        *offset = memory->low_bytes + above;
        return true;
    }
    return false;
}

static bool is_backed(const struct memory *memory, uint64_t index)
{
    return (memory->backed[index / 8] >> index % 8 & 1u) != 0;
}

static bool back_range(struct memory *memory, uint64_t offset, uint64_t len)
{
    for (uint64_t i = offset / PIECE_BYTES; i <= (offset + len - 1) / PIECE_BYTES; i++) {
        if (is_backed(memory, i)) {
            continue;
        }
        if (!memory_back(memory, (uint32_t)i)) {
            return false;
        }
        memory->backed[i / 8] |= (uint8_t)(1u << i % 8);
        memory->backed_pieces++;
    }
    return true;
}

void *memory_at(struct memory *memory, gpa_t address, uint64_t len)
{
    uint64_t offset;
    if (!view_offset(memory, address.value, len, &offset) || !back_range(memory, offset, len)) {
        return NULL;
    }
    return memory->view + offset;
}

bool memory_is_ram(const struct memory *memory, gpa_t address)
{
    uint64_t offset;
    return view_offset(memory, address.value, 1, &offset);
}

bool memory_is_backed(const struct memory *memory, gpa_t address)
{
    uint64_t offset;
    return view_offset(memory, address.value, 1, &offset) && is_backed(memory, offset / PIECE_BYTES);
}

bool memory_read(struct memory *memory, gpa_t address, void *out, uint64_t len)
{
    const void *from = memory_at(memory, address, len);
    if (from == NULL) {
        return false;
    }
    memcpy(out, from, len);
    return true;
}

bool memory_write(struct memory *memory, gpa_t address, const void *data, uint64_t len)
{
    void *to = memory_at(memory, address, len);
    if (to == NULL) {
        return false;
    }
    memcpy(to, data, len);
    return true;
}
