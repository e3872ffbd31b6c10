/* [MB1] Multiboot Specification 0.6.96, with an ELF32 image. */
#include <string.h>

#include "elf.h"

#define SEARCH_BYTES 8192u
#define HEADER_MAGIC 0x1badb002u
#define LOADER_MAGIC 0x2badb002u
#define REQUIRED_UNKNOWN \
    0xfff8u /* bits 0-2: page alignment, memory, video (which we do not offer, as others) */

#define INFO_MEMORY 0x001u
#define INFO_COMMAND_LINE 0x004u
#define INFO_MODULES 0x008u
#define INFO_MAP 0x040u
#define INFO_LOADER_NAME 0x200u
#define INFO_BYTES 120u
#define MODULES_AT (LAYOUT_BOOT_INFO + 0x100)
#define MODULE_BYTES 16u
#define MAP_AT (LAYOUT_BOOT_INFO + 0x400)
#define MAP_BYTES 24u
#define ADDRESS_LIMIT UINT64_C(0x100000000)

static bool find_header(const struct blob *kernel, uint32_t *flags)
{
    uint64_t limit = min_u64(kernel->len, SEARCH_BYTES);
    for (uint64_t at = 0; at + 12 <= limit; at += 4) {
        uint32_t magic = load_u32(kernel->bytes + at);
        *flags = load_u32(kernel->bytes + at + 4);
        if (magic == HEADER_MAGIC && magic + *flags + load_u32(kernel->bytes + at + 8) == 0) {
            return true;
        }
    }
    return false;
}

bool multiboot1_recognize(const struct blob *kernel)
{
    uint32_t flags;
    return find_header(kernel, &flags);
}

static const char *fill_modules(struct memory *memory, const struct boot_request *request, uint64_t *strings,
                                uint64_t end)
{
    uint64_t addresses[BOOT_MODULES_MAX] = {0}, text;
    const char *refused = boot_place_modules(memory, request, end, addresses);
    uint8_t *list = memory_at(memory, gpa(MODULES_AT), BOOT_MODULES_MAX * MODULE_BYTES);
    if (refused != NULL || list == NULL) {
        return refused != NULL ? refused : "no memory for the module list";
    }
    for (uint32_t i = 0; i < request->module_count; i++) {
        const struct blob *module = &request->modules[i];
        if (!boot_place_string(memory, strings, module->text, module->text_len, &text)) {
            return "the modules' strings are too long";
        }
        store_u32(list + i * MODULE_BYTES, (uint32_t)addresses[i]);
        store_u32(list + i * MODULE_BYTES + 4, (uint32_t)(addresses[i] + module->len));
        store_u32(list + i * MODULE_BYTES + 8, (uint32_t)text);
        store_u32(list + i * MODULE_BYTES + 12, 0);
    }
    return NULL;
}

/* [MB1] 3.3: each entry is preceded by its size without the size field. Answers the bytes written. */
static uint32_t fill_map(const struct memory *memory, uint8_t *to)
{
    struct map_entry map[MEMORY_MAP_MAX];
    uint32_t count = boot_memory_map(memory, map);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *entry = to + i * MAP_BYTES;
        store_u32(entry, MAP_BYTES - 4);
        store_u64(entry + 4, map[i].start);
        store_u64(entry + 12, map[i].len);
        store_u32(entry + 20, map[i].type);
    }
    return count * MAP_BYTES;
}

static const char *fill_info(struct memory *memory, const struct boot_request *request, uint64_t *strings)
{
    static const char loader[] = "Bulkhead";
    uint64_t text, name;
    uint8_t *info = memory_at(memory, gpa(LAYOUT_BOOT_INFO), PAGE_BYTES);
    if (info == NULL) {
        return "no memory for the multiboot information";
    }
    if (!boot_place_string(memory, strings, request->kernel.text, request->kernel.text_len, &text) ||
        !boot_place_string(memory, strings, loader, sizeof loader - 1, &name)) {
        return "the command line is too long";
    }
    memset(info, 0, INFO_BYTES);
    store_u32(info, INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MAP | INFO_LOADER_NAME);
    store_u32(info + 4, (uint32_t)(LAYOUT_LOW_END / 1024));
    store_u32(info + 8, (uint32_t)((memory->low_bytes - LAYOUT_KERNEL_MIN) / 1024));
    store_u32(info + 16, (uint32_t)text);
    store_u32(info + 20, request->module_count);
    store_u32(info + 24, (uint32_t)MODULES_AT);
    store_u32(info + 44, fill_map(memory, info + (MAP_AT - LAYOUT_BOOT_INFO)));
    store_u32(info + 48, (uint32_t)MAP_AT);
    store_u32(info + 64, (uint32_t)name);
    return NULL;
}

const char *multiboot1_load(struct memory *memory, const struct boot_request *request, struct entry *entry)
{
    struct elf elf;
    uint32_t flags;
    uint64_t end, strings = LAYOUT_STRINGS;
    if (!find_header(&request->kernel, &flags) || (flags & REQUIRED_UNKNOWN) != 0) {
        return "the multiboot header asks for what we do not offer";
    }
    if (!elf_open(&request->kernel, &elf) || elf.is_64) {
        return "a multiboot1 image must be ELF32 (objcopy -O elf32-i386)";
    }
    const char *refused = elf_load(memory, &elf, &end);
    if (refused == NULL && end >= ADDRESS_LIMIT) {
        refused = "a multiboot1 image must lie below 4 GiB";
    }
    if (refused == NULL) {
        refused = fill_info(memory, request, &strings);
    }
    if (refused == NULL) {
        refused = fill_modules(memory, request, &strings, end);
    }
    *entry = (struct entry){
        .kind = ENTRY_PROTECTED_MODE, .rip = elf.entry, .rax = LOADER_MAGIC, .rbx = LAYOUT_BOOT_INFO};
    return refused;
}
