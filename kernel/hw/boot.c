#include "hw/boot.h"
#include "base/panic.h"
#include "hw/memory.h"

enum { MAGIC_1 = 0x2badb002, MAGIC_2 = 0x36d76289 }; /* [MB1] 3.2, [MB2] 3.3 */
enum { MEMORY_RAM = 1, INFO_BYTES_MAX = 1 << 20 };
enum { TAG_END = 0, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };
/* [MB1] 3.3: words of the information structure */
enum { WORD_FLAGS = 0, WORD_MODULES = 5, WORD_MODULES_AT = 6, WORD_MAP_BYTES = 11, WORD_MAP_AT = 12, WORDS };
enum { FLAG_MODULES = 1 << 3, FLAG_MAP = 1 << 6, MODULE_BYTES = 16 };

struct map_entry {
    uint64_t base, bytes;
    uint32_t type;
} __attribute__((packed));

static uint64_t page_down(uint64_t address) { return address / PAGE_BYTES * PAGE_BYTES; }

static void range_add(struct boot *boot, uint64_t base, uint64_t end, bool ram)
{
    if (base >= end) return;
    if (boot->range_count == BOOT_RANGES) panic("memory map has too many entries");
    boot->range[boot->range_count++] = (struct boot_range){base, end, ram};
    if (ram && end > boot->memory_end) boot->memory_end = end;
}

/* RAM counts where whole pages of it are, anything else where it touches a page; nothing does beyond the direct map. */
static void map_entry_add(struct boot *boot, const struct map_entry *entry)
{
    uint64_t end = entry->base + entry->bytes;
    if (end < entry->base || end > DIRECT_MAP_BYTES) end = DIRECT_MAP_BYTES;
    if (entry->base >= end) return;
    if (entry->type == MEMORY_RAM) range_add(boot, page_up(entry->base), page_down(end), true);
    else range_add(boot, page_down(entry->base), page_up(end), false);
}

/* The entries in [at, end): each of @stride bytes; 0: before each stands its size, [MB1] 3.3. */
static void map_read(struct boot *boot, const struct window *memory, uint64_t at, uint64_t end, uint32_t stride)
{
    struct map_entry entry;
    if (end - at > INFO_BYTES_MAX) panic("memory map is too long");
    for (uint32_t bytes = stride; at < end; at += bytes) {
        if (stride == 0) {
            if (!window_read(memory, at, &bytes, sizeof bytes)) panic("memory map is outside memory");
            at += sizeof bytes;
        }
        if (bytes < sizeof entry || at > end || bytes > end - at) panic("memory map entry is cut off");
        if (!window_read(memory, at, &entry, sizeof entry)) panic("memory map is outside memory");
        map_entry_add(boot, &entry);
    }
}

static void module_add(struct boot_info *info, uint32_t base, uint32_t end)
{
    if (info->module_count == BOOT_MODULES) panic("more modules than the kernel can pass on");
    if (base >= end) panic("a module is empty");
    if (base % PAGE_BYTES != 0) panic("a module is not page aligned");
    info->module[info->module_count++] = (struct boot_module){.base = base, .bytes = end - base};
}

static void info1_read(struct boot *boot, const struct window *memory, uint64_t info)
{
    uint32_t word[WORDS], module[2]; /* of a module: start and end */
    if (!window_read(memory, info, word, sizeof word)) panic("multiboot information is outside memory");
    const uint64_t map = word[WORD_MAP_AT], modules = word[WORD_MODULES_AT];
    if (word[WORD_FLAGS] & FLAG_MAP) map_read(boot, memory, map, map + word[WORD_MAP_BYTES], 0);
    const uint32_t count = (word[WORD_FLAGS] & FLAG_MODULES) ? word[WORD_MODULES] : 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!window_read(memory, modules + i * MODULE_BYTES, module, sizeof module)) panic("module list is outside memory");
        module_add(&boot->info, module[0], module[1]);
    }
}

/* Tags: [MB2] 3.6. */
static void info2_read(struct boot *boot, const struct window *memory, uint64_t info)
{
    uint32_t tag[4]; /* type, bytes; start and end of a module, or a memory map's stride; for the whole: bytes, reserved */
    if (!window_read(memory, info, tag, 8) || tag[0] > INFO_BYTES_MAX) panic("multiboot information is outside memory");
    const uint64_t end = info + tag[0];
    for (uint64_t at = info + 8; at < end; at += (tag[1] + 7ull) / 8 * 8) {
        if (!window_read(memory, at, tag, 8) || tag[1] < 8 || tag[1] > end - at) panic("multiboot tag is cut off");
        if (tag[0] == TAG_END) return;
        if (tag[0] == TAG_RSDP_OLD || tag[0] == TAG_RSDP_NEW) boot->info.rsdp = at + 8;
        if (tag[0] != TAG_MODULE && tag[0] != TAG_MEMORY_MAP) continue;
        if (tag[1] < sizeof tag || !window_read(memory, at, tag, sizeof tag)) panic("multiboot tag is too short");
        if (tag[0] == TAG_MODULE) module_add(&boot->info, tag[2], tag[3]);
        else if (tag[2] < sizeof(struct map_entry)) panic("memory map entry is cut off");
        else map_read(boot, memory, at + sizeof tag, at + tag[1], tag[2]);
    }
    panic("multiboot information has no end");
}

/* Whether the byte at @address is free: RAM covers it and nothing else does. Up to *@until all are like it. */
static bool is_free(const struct boot *boot, uint64_t address, uint64_t *until)
{
    bool ram = false, taken = false;
    *until = UINT64_MAX;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        const struct boot_range *range = &boot->range[i];
        const bool begun = range->base <= address;
        const uint64_t bound = begun ? range->end : range->base;
        if (bound <= address) continue;
        if (bound < *until) *until = bound;
        ram |= begun && range->ram;
        taken |= begun && !range->ram;
    }
    return ram && !taken;
}

/* A module must lie in memory that is free so far: not below 1 MiB, in the kernel or in another module. */
static void module_reserve(struct boot *boot, const struct boot_module *module)
{
    const uint64_t end = page_up(module->base + module->bytes);
    for (uint64_t at = module->base, until; at < end; at = until)
        if (!is_free(boot, at, &until)) panic("a module is not in free memory");
    range_add(boot, module->base, end, false);
}

/* What is free, by address, as few regions as can be. */
static void regions_make(const struct boot *boot, struct boot_info *info)
{
    struct boot_region *last = NULL;
    for (uint64_t at = 0, until; at != UINT64_MAX; at = until) {
        if (!is_free(boot, at, &until)) continue;
        if (!last || last->base + last->bytes != at) {
            if (info->untyped_count == BOOT_REGIONS) panic("memory map has too many pieces");
            last = &info->region[info->untyped_count++];
            last->base = at;
        }
        last->bytes = until - last->base;
    }
}

void boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t at, uint64_t image_end)
{
    struct boot_info *info = &boot->info;
    if (magic == MAGIC_1) info1_read(boot, memory, at);
    else if (magic == MAGIC_2) info2_read(boot, memory, at);
    else panic("not started by a multiboot loader");
    if (boot->memory_end == 0) panic("the loader gave no memory map");
    range_add(boot, 0, page_up(image_end), false);
    for (uint32_t i = 0; i < info->module_count; i++) module_reserve(boot, &info->module[i]);
    const uint64_t rsdp = page_down(info->rsdp);
    if (rsdp) range_add(boot, rsdp, rsdp + 2 * PAGE_BYTES, false);
    regions_make(boot, info);
    if (info->untyped_count == 0) panic("no free memory");
}
