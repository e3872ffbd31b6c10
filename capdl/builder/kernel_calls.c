#include "kernel_calls.h"

#include "error_name.h"
#include "stubs.h"

/* [kernel.idl] untyped_retype: how many objects the kernel makes at once. */
#define RETYPE_AT_ONCE 64u

bool did(enum error error, struct refusal *why, const char *what)
{
    return error == OK || refuse(why, "%s: %s", what, error_text(error));
}

/* docs/architecture.md §2: the kernel wants slots and tables where the description has bytes. */
static uint64_t retype_size(uint8_t type, uint64_t size_bytes)
{
    switch (type) {
    case OBJECT_TYPE_CAPTAB:
        return size_bytes / 64;
    case OBJECT_TYPE_SPACE:
    case OBJECT_TYPE_IOSPACE:
        return size_bytes / PAGE_BYTES - 2;
    default:
        return size_bytes;
    }
}

bool make_objects(uint32_t untyped_slot, uint8_t type, uint8_t flags, uint64_t size_bytes, uint32_t first,
                  uint32_t count, struct refusal *why)
{
    uint64_t size = retype_size(type, size_bytes);
    while (count > 0) {
        uint32_t now = count < RETYPE_AT_ONCE ? count : RETYPE_AT_ONCE;
        enum error error =
            untyped_retype(untyped_slot, (enum object_type)type, flags, size, SLOT_CAPTAB, first, now);
        if (!did(error, why, "retype")) {
            return false;
        }
        first += now;
        count -= now;
    }
    return true;
}

bool window_map(uint32_t first_slot, uint32_t count, uint64_t frame_bytes, uint64_t address, uint8_t access,
                struct refusal *why)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!did(space_map(SLOT_SPACE, first_slot + i, address + i * frame_bytes, access), why,
                 "map a window")) {
            return false;
        }
    }
    return true;
}

bool window_unmap(uint32_t first_slot, uint32_t count, struct refusal *why)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!did(space_unmap(SLOT_SPACE, first_slot + i), why, "unmap a window")) {
            return false;
        }
    }
    return true;
}

void drop_slots(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (captab_delete(SLOT_CAPTAB, first + i) != OK) {
            continue; /* an empty slot: nothing was made there */
        }
    }
}
