#include "hw/boot.h"
#include "base/panic.h"
#include "hw/boot_read.h"
#include "hw/memory.h"

enum { MAGIC_1 = 0x2badb002, MAGIC_2 = 0x36d76289 }; /* [MB1] 3.2, [MB2] 3.3 */
enum { MEMORY_RAM = 1, INFO_BYTES_MAX = 1 << 20, MODULE_STRING_MAX = 4096 };
enum { TAG_END = 0, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };
/* [MB1] 3.3: words of the information structure */
enum { WORD_FLAGS = 0, WORD_MODULES = 5, WORD_MODULES_AT = 6, WORD_MAP_BYTES = 11, WORD_MAP_AT = 12, WORDS };
enum { FLAG_MODULES = 1 << 3, FLAG_MAP = 1 << 6 };

struct memory_map {
    uint64_t at, end;
    uint32_t stride; /* 0: each entry starts with its size, [MB1] 3.3 */
};

struct map_entry {
    uint64_t base, bytes;
    uint32_t type;
} __attribute__((packed));

static uint64_t page_up(uint64_t address) { return (address + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

static uint64_t page_down(uint64_t address) { return address / PAGE_BYTES * PAGE_BYTES; }

static bool ranges_push(struct boot *boot, uint64_t base, uint64_t bytes)
{
    for (uint32_t i = 0; i < BOOT_REGIONS; i++) {
        if (i < boot->free_count && boot->free[i].bytes != 0) continue;
        boot->free[i] = (struct boot_range){base, bytes};
        boot->free_count = i < boot->free_count ? boot->free_count : i + 1;
        return true;
    }
    return false;
}

/* Take [base, end) out of the free ranges; false if the pieces do not fit. */
static bool ranges_remove(struct boot *boot, uint64_t base, uint64_t end)
{
    for (uint32_t i = 0; i < boot->free_count; i++) {
        struct boot_range *range = &boot->free[i];
        const uint64_t range_end = range->base + range->bytes;
        if (end <= range->base || range_end <= base) continue;
        const uint64_t below = base > range->base ? base - range->base : 0;
        const uint64_t above = range_end > end ? range_end - end : 0;
        range->bytes = below;
        if (above != 0 && !ranges_push(boot, end, above)) return false;
    }
    return true;
}

/* Sort by address, join neighbours, drop what is empty. Ranges never overlap. */
static void ranges_settle(struct boot *boot)
{
    for (uint32_t i = 1; i < boot->free_count; i++)
        for (uint32_t j = i; j > 0 && boot->free[j].base < boot->free[j - 1].base; j--) {
            const struct boot_range range = boot->free[j];
            boot->free[j] = boot->free[j - 1];
            boot->free[j - 1] = range;
        }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < boot->free_count; i++) {
        const struct boot_range range = boot->free[i];
        if (range.bytes == 0) continue;
        if (kept != 0 && boot->free[kept - 1].base + boot->free[kept - 1].bytes == range.base)
            boot->free[kept - 1].bytes += range.bytes;
        else boot->free[kept++] = range;
    }
    boot->free_count = kept;
}

/* RAM counts where whole pages of it are, anything else where it touches a page. */
static bool map_entry_apply(struct boot *boot, const struct map_entry *entry)
{
    if (entry->bytes == 0 || entry->base >= DIRECT_MAP_BYTES) return true;
    const uint64_t room = DIRECT_MAP_BYTES - entry->base;
    const uint64_t end = entry->base + (entry->bytes < room ? entry->bytes : room);
    if (entry->type != MEMORY_RAM) return ranges_remove(boot, page_down(entry->base), page_up(end));
    const uint64_t base = page_up(entry->base), bound = page_down(end);
    if (base >= bound) return true;
    boot->memory_end = bound > boot->memory_end ? bound : boot->memory_end;
    return ranges_remove(boot, base, bound) && ranges_push(boot, base, bound - base);
}

/* One pass over the map, for RAM or for the rest: overlapping entries go to the rest. */
static const char *map_pass(struct boot *boot, const struct window *memory, const struct memory_map *map, bool ram)
{
    for (uint64_t at = map->at; at < map->end;) {
        struct map_entry entry;
        uint32_t bytes = map->stride;
        if (map->stride == 0) {
            if (!window_read(memory, at, &bytes, sizeof bytes)) return "memory map is outside memory";
            at += sizeof bytes;
        }
        if (bytes < sizeof entry || at > map->end || bytes > map->end - at) return "memory map entry is cut off";
        if (!window_read(memory, at, &entry, sizeof entry)) return "memory map is outside memory";
        if ((entry.type == MEMORY_RAM) == ram && !map_entry_apply(boot, &entry)) return "memory map has too many pieces";
        at += bytes;
    }
    return NULL;
}

/* The last path component of the first word. */
static void name_read(struct boot_image *module, const struct window *memory, uint64_t at, uint64_t end)
{
    uint32_t used = 0;
    char byte;
    for (; at < end && window_read(memory, at, &byte, 1) && byte != 0 && byte != ' '; at++) {
        if (byte == '/') used = 0;
        else if (used < BOOT_NAME_BYTES - 1) module->name[used++] = byte > ' ' && byte < 0x7f ? byte : '?';
    }
    memset(module->name + used, 0, BOOT_NAME_BYTES - used);
}

static const char *module_add(
    struct boot *boot, const struct window *memory, const uint32_t bounds[2], uint64_t name_at, uint64_t name_end)
{
    if (boot->module_count == BOOT_MODULES) return "more modules than the kernel can pass on";
    if (bounds[0] >= bounds[1]) return "a module is empty";
    if (bounds[0] % PAGE_BYTES != 0) return "a module is not page aligned";
    struct boot_image *module = &boot->module[boot->module_count++];
    module->base = bounds[0];
    module->bytes = bounds[1] - bounds[0];
    name_read(module, memory, name_at, name_end);
    return NULL;
}

static const char *info1_read(struct boot *boot, struct memory_map *map, const struct window *memory, uint64_t info)
{
    uint32_t word[WORDS];
    if (!window_read(memory, info, word, sizeof word)) return "multiboot information is outside memory";
    if ((word[WORD_FLAGS] & FLAG_MAP) == 0) return "the loader gave no memory map";
    if (word[WORD_MAP_BYTES] > INFO_BYTES_MAX) return "memory map is too long";
    *map = (struct memory_map){word[WORD_MAP_AT], (uint64_t)word[WORD_MAP_AT] + word[WORD_MAP_BYTES], 0};
    const uint32_t count = (word[WORD_FLAGS] & FLAG_MODULES) ? word[WORD_MODULES] : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t module[4]; /* start, end, string, reserved */
        if (!window_read(memory, word[WORD_MODULES_AT] + (uint64_t)i * sizeof module, module, sizeof module))
            return "module list is outside memory";
        const char *reason = module_add(boot, memory, module, module[2], (uint64_t)module[2] + MODULE_STRING_MAX);
        if (reason) return reason;
    }
    return NULL;
}

/* One tag at @at: [MB2] 3.6. */
static const char *tag_read(
    struct boot *boot, struct memory_map *map, const struct window *memory, uint64_t at, const uint32_t tag[2])
{
    const uint64_t end = at + tag[1];
    uint32_t word[2];
    if (tag[0] == TAG_RSDP_OLD || tag[0] == TAG_RSDP_NEW) boot->rsdp = at + sizeof word;
    if (tag[0] != TAG_MODULE && tag[0] != TAG_MEMORY_MAP) return NULL;
    if (tag[1] < 16 || !window_read(memory, at + 8, word, sizeof word)) return "multiboot tag is too short";
    if (tag[0] == TAG_MODULE) return module_add(boot, memory, word, at + 16, end);
    if (word[0] < sizeof(struct map_entry)) return "memory map entry is cut off";
    *map = (struct memory_map){at + 16, end, word[0]};
    return NULL;
}

static const char *info2_read(struct boot *boot, struct memory_map *map, const struct window *memory, uint64_t info)
{
    uint32_t tag[2]; /* type, bytes; for the whole: bytes, reserved */
    if (!window_read(memory, info, tag, sizeof tag) || tag[0] > INFO_BYTES_MAX) return "multiboot information is outside memory";
    const uint64_t end = info + tag[0];
    for (uint64_t at = info + 8; at < end; at += (tag[1] + 7ull) / 8 * 8) {
        if (!window_read(memory, at, tag, sizeof tag) || tag[1] < 8 || tag[1] > end - at) return "multiboot tag is cut off";
        if (tag[0] == TAG_END) return map->stride ? NULL : "the loader gave no memory map";
        const char *reason = tag_read(boot, map, memory, at, tag);
        if (reason) return reason;
    }
    return "multiboot information has no end";
}

/* A module must lie in memory that is free so far: not below 1 MiB, in the kernel or in another module. */
static const char *module_reserve(struct boot *boot, const struct boot_image *module)
{
    const uint64_t end = page_up(module->base + module->bytes);
    ranges_settle(boot);
    for (uint32_t i = 0; i < boot->free_count; i++) {
        const struct boot_range *range = &boot->free[i];
        if (module->base < range->base || end > range->base + range->bytes) continue;
        return ranges_remove(boot, module->base, end) ? NULL : "memory map has too many pieces";
    }
    return "a module is not in free memory";
}

const char *boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t info, uint64_t image_end)
{
    struct memory_map map = {0};
    *boot = (struct boot){0};
    if (magic != MAGIC_1 && magic != MAGIC_2) return "not started by a multiboot loader";
    const char *reason = magic == MAGIC_1 ? info1_read(boot, &map, memory, info) : info2_read(boot, &map, memory, info);
    if (!reason) reason = map_pass(boot, memory, &map, true);
    if (!reason) reason = map_pass(boot, memory, &map, false);
    if (reason) return reason;
    if (!ranges_remove(boot, 0, page_up(image_end))) return "memory map has too many pieces";
    for (uint32_t i = 0; i < boot->module_count; i++) {
        reason = module_reserve(boot, &boot->module[i]);
        if (reason) return reason;
    }
    if (boot->rsdp && !ranges_remove(boot, page_down(boot->rsdp), page_down(boot->rsdp) + 2 * PAGE_BYTES))
        return "memory map has too many pieces";
    ranges_settle(boot);
    return boot->free_count ? NULL : "no free memory";
}

void boot_parse(struct boot *boot, uint32_t magic, uint64_t info)
{
    const struct window memory = {phys_to_ptr((hpa_t){0}), 4ull << 30};
    const char *reason = boot_read(boot, &memory, magic, info, image_to_phys(kernel_end).value);
    if (reason) panic(reason);
}
