#include "hw/boot.h"
#include "base/panic.h"
#include "hw/memory.h"

enum { MAGIC_1 = 0x2badb002, MAGIC_2 = 0x36d76289 }; /* [MB1] 3.2, [MB2] 3.3 */
enum { MEMORY_RAM = 1, INFO_BYTES_MAX = 1 << 20, MODULE_STRING_MAX = 4096 };
enum { TAG_END = 0, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };
/* [MB1] 3.3: words of the information structure */
enum { WORD_FLAGS = 0, WORD_MODULES = 5, WORD_MODULES_AT = 6, WORD_MAP_BYTES = 11, WORD_MAP_AT = 12, WORDS };
enum { FLAG_MODULES = 1 << 3, FLAG_MAP = 1 << 6 };

static const char too_many[] = "memory map has too many pieces";

struct memory_map {
    uint64_t at, end;
    uint32_t stride; /* 0: each entry starts with its size, [MB1] 3.3 */
};

struct map_entry {
    uint64_t base, bytes;
    uint32_t type;
} __attribute__((packed));

static uint64_t page_down(uint64_t address) { return address / PAGE_BYTES * PAGE_BYTES; }

/* In the first place that is empty or new; false if there is none. */
static bool region_push(struct boot_info *info, uint64_t base, uint64_t bytes)
{
    uint32_t i = 0;
    while (i < info->untyped_count && info->region[i].bytes) i++;
    if (i == BOOT_REGIONS) return false;
    info->region[i] = (struct boot_region){.base = base, .bytes = bytes};
    info->untyped_count += i == info->untyped_count;
    return true;
}

/* Take [base, end) out of the free regions; false if the pieces do not fit. */
static bool region_remove(struct boot_info *info, uint64_t base, uint64_t end)
{
    for (uint32_t i = 0; i < info->untyped_count; i++) {
        struct boot_region *region = &info->region[i];
        const uint64_t region_end = region->base + region->bytes;
        if (end <= region->base || region_end <= base) continue;
        region->bytes = base > region->base ? base - region->base : 0;
        if (region_end > end && !region_push(info, end, region_end - end)) return false;
    }
    return true;
}

/* Sort by address, join neighbours, drop what is empty. Regions never overlap. */
static void regions_settle(struct boot_info *info)
{
    const uint32_t count = info->untyped_count;
    struct boot_region *const region = info->region;
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i; j > 0 && region[j].base < region[j - 1].base; j--) {
            const struct boot_region swapped = region[j];
            region[j] = region[j - 1];
            region[j - 1] = swapped;
        }
    info->untyped_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct boot_region *last = info->untyped_count ? &region[info->untyped_count - 1] : NULL;
        if (last && last->base + last->bytes == region[i].base) last->bytes += region[i].bytes;
        else if (region[i].bytes) region[info->untyped_count++] = region[i];
    }
}

/* RAM counts where whole pages of it are, anything else where it touches a page. */
static bool map_entry_apply(struct boot *boot, const struct map_entry *entry)
{
    if (entry->bytes == 0 || entry->base >= DIRECT_MAP_BYTES) return true;
    const uint64_t room = DIRECT_MAP_BYTES - entry->base;
    const uint64_t end = entry->base + (entry->bytes < room ? entry->bytes : room);
    if (entry->type != MEMORY_RAM) return region_remove(&boot->info, page_down(entry->base), page_up(end));
    const uint64_t base = page_up(entry->base), bound = page_down(end);
    if (base >= bound) return true;
    boot->memory_end = bound > boot->memory_end ? bound : boot->memory_end;
    return region_remove(&boot->info, base, bound) && region_push(&boot->info, base, bound - base);
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
        if ((entry.type == MEMORY_RAM) == ram && !map_entry_apply(boot, &entry)) return too_many;
        at += bytes;
    }
    return NULL;
}

/* Its name is the last path component of the first word in [name_at, name_end). */
static const char *module_add(
    struct boot_info *info, const struct window *memory, const uint32_t bounds[2], uint64_t name_at, uint64_t name_end)
{
    if (info->module_count == BOOT_MODULES) return "more modules than the kernel can pass on";
    if (bounds[0] >= bounds[1]) return "a module is empty";
    if (bounds[0] % PAGE_BYTES != 0) return "a module is not page aligned";
    struct boot_module *module = &info->module[info->module_count++];
    *module = (struct boot_module){.base = bounds[0], .bytes = bounds[1] - bounds[0]};
    uint32_t used = 0;
    uint8_t byte;
    for (uint64_t at = name_at; at < name_end && window_read(memory, at, &byte, 1) && byte != 0 && byte != ' '; at++) {
        if (byte == '/') used = 0;
        else if (used < BOOT_NAME_BYTES - 1) module->name[used++] = byte > ' ' && byte < 0x7f ? byte : '?';
    }
    memset(module->name + used, 0, BOOT_NAME_BYTES - used);
    return NULL;
}

static const char *info1_read(struct boot_info *boot, struct memory_map *map, const struct window *memory, uint64_t info)
{
    uint32_t word[WORDS];
    if (!window_read(memory, info, word, sizeof word)) return "multiboot information is outside memory";
    if ((word[WORD_FLAGS] & FLAG_MAP) == 0) return "the loader gave no memory map";
    if (word[WORD_MAP_BYTES] > INFO_BYTES_MAX) return "memory map is too long";
    *map = (struct memory_map){word[WORD_MAP_AT], (uint64_t)word[WORD_MAP_AT] + word[WORD_MAP_BYTES], 0};
    const uint32_t count = (word[WORD_FLAGS] & FLAG_MODULES) ? word[WORD_MODULES] : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t module[4]; /* start, end, string, reserved */
        const uint64_t at = word[WORD_MODULES_AT] + (uint64_t)i * sizeof module;
        if (!window_read(memory, at, module, sizeof module)) return "module list is outside memory";
        const char *reason = module_add(boot, memory, module, module[2], (uint64_t)module[2] + MODULE_STRING_MAX);
        if (reason) return reason;
    }
    return NULL;
}

/* Tags: [MB2] 3.6. */
static const char *info2_read(struct boot_info *boot, struct memory_map *map, const struct window *memory, uint64_t info)
{
    uint32_t tag[4]; /* type, bytes, and two words of a module or memory map; for the whole: bytes, reserved */
    if (!window_read(memory, info, tag, 8) || tag[0] > INFO_BYTES_MAX) return "multiboot information is outside memory";
    const uint64_t end = info + tag[0];
    for (uint64_t at = info + 8; at < end; at += (tag[1] + 7ull) / 8 * 8) {
        if (!window_read(memory, at, tag, 8) || tag[1] < 8 || tag[1] > end - at) return "multiboot tag is cut off";
        const char *reason = NULL;
        if (tag[0] == TAG_END) return map->stride ? NULL : "the loader gave no memory map";
        if (tag[0] == TAG_RSDP_OLD || tag[0] == TAG_RSDP_NEW) boot->rsdp = at + 8;
        if (tag[0] != TAG_MODULE && tag[0] != TAG_MEMORY_MAP) continue;
        if (tag[1] < sizeof tag || !window_read(memory, at, tag, sizeof tag)) return "multiboot tag is too short";
        if (tag[0] == TAG_MODULE) reason = module_add(boot, memory, tag + 2, at + sizeof tag, at + tag[1]);
        else if (tag[2] < sizeof(struct map_entry)) reason = "memory map entry is cut off";
        else *map = (struct memory_map){at + sizeof tag, at + tag[1], tag[2]};
        if (reason) return reason;
    }
    return "multiboot information has no end";
}

/* A module must lie in memory that is free so far: not below 1 MiB, in the kernel or in another module. */
static const char *module_reserve(struct boot_info *info, const struct boot_module *module)
{
    const uint64_t end = page_up(module->base + module->bytes);
    regions_settle(info);
    for (uint32_t i = 0; i < info->untyped_count; i++) {
        const struct boot_region *region = &info->region[i];
        if (module->base < region->base || end > region->base + region->bytes) continue;
        return region_remove(info, module->base, end) ? NULL : too_many;
    }
    return "a module is not in free memory";
}

const char *boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t at, uint64_t image_end)
{
    struct memory_map map = {0};
    struct boot_info *info = &boot->info;
    *boot = (struct boot){0};
    if (magic != MAGIC_1 && magic != MAGIC_2) return "not started by a multiboot loader";
    const char *reason = magic == MAGIC_1 ? info1_read(info, &map, memory, at) : info2_read(info, &map, memory, at);
    if (!reason) reason = map_pass(boot, memory, &map, true);
    if (!reason) reason = map_pass(boot, memory, &map, false);
    if (!reason && !region_remove(info, 0, page_up(image_end))) reason = too_many;
    for (uint32_t i = 0; i < info->module_count && !reason; i++) reason = module_reserve(info, &info->module[i]);
    if (reason) return reason;
    const uint64_t rsdp = page_down(info->rsdp);
    if (rsdp && !region_remove(info, rsdp, rsdp + 2 * PAGE_BYTES)) return too_many;
    regions_settle(info);
    return info->untyped_count ? NULL : "no free memory";
}

void boot_parse(struct boot *boot, uint32_t magic, uint64_t info)
{
    const struct window memory = {phys_to_ptr((hpa_t){0}), 4ull << 30};
    const char *reason = boot_read(boot, &memory, magic, info, image_to_phys(kernel_end).value);
    if (reason) panic(reason);
}
