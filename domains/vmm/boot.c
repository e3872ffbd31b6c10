#include "boot.h"

#include <string.h>

uint16_t load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (unsigned)at[1] << 8);
}

uint32_t load_u32(const uint8_t *at)
{
    return load_u16(at) | (uint32_t)load_u16(at + 2) << 16;
}

uint64_t load_u64(const uint8_t *at)
{
    return load_u32(at) | (uint64_t)load_u32(at + 4) << 32;
}

void store_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

void store_u64(uint8_t *at, uint64_t value)
{
    store_u32(at, (uint32_t)value);
    store_u32(at + 4, (uint32_t)(value >> 32));
}

uint32_t boot_memory_map(const struct memory *memory, struct map_entry out[MEMORY_MAP_MAX])
{
    uint32_t count = 0;
    out[count++] = (struct map_entry){0, LAYOUT_LOW_END, E820_RAM};
    out[count++] = (struct map_entry){LAYOUT_LOW_END, 0xa0000 - LAYOUT_LOW_END, E820_RESERVED};
    out[count++] = (struct map_entry){LAYOUT_ACPI, LAYOUT_ACPI_END - LAYOUT_ACPI, E820_RESERVED};
    out[count++] = (struct map_entry){LAYOUT_KERNEL_MIN, memory->low_bytes - LAYOUT_KERNEL_MIN, E820_RAM};
    if (memory->high_bytes != 0) {
        out[count++] = (struct map_entry){MEMORY_HIGH_BASE, memory->high_bytes, E820_RAM};
    }
    return count;
}

bool boot_place_string(struct memory *memory, uint64_t *at, const char *text, uint64_t len, uint64_t *address)
{
    if (len >= LAYOUT_STRINGS_END - LAYOUT_STRINGS || *at + len + 1 > LAYOUT_STRINGS_END) {
        return false;
    }
    char *to = memory_at(memory, gpa(*at), len + 1);
    if (to == NULL) {
        return false;
    }
    if (len != 0) {
        memcpy(to, text, len);
    }
    to[len] = 0;
    *address = *at;
    *at += len + 1;
    return true;
}

const char *boot_place_modules(struct memory *memory, const struct boot_request *request, uint64_t floor,
                               uint64_t addresses[BOOT_MODULES_MAX])
{
    uint64_t at = floor;
    for (uint32_t i = 0; i < request->module_count; i++) {
        const struct blob *module = &request->modules[i];
        at = (at + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
        addresses[i] = at;
        if (module->len != 0 && !memory_write(memory, gpa(at), module->bytes, module->len)) {
            return "a module does not fit into the guest's memory";
        }
        at += module->len;
    }
    return NULL;
}

const char *boot_load(struct memory *memory, const struct boot_request *request, struct entry *entry)
{
    *entry = (struct entry){0};
    if (memory->low_bytes < 4 * PIECE_BYTES) {
        return "the guest has less than 8 MiB of memory";
    }
    if (request->module_count > BOOT_MODULES_MAX) {
        return "more than 8 modules";
    }
    if (bzimage_recognize(&request->kernel)) {
        return bzimage_load(memory, request, entry);
    }
    if (multiboot1_recognize(&request->kernel)) {
        return multiboot1_load(memory, request, entry);
    }
    if (pvh_recognize(&request->kernel)) {
        return pvh_load(memory, request, entry);
    }
    return "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note";
}
