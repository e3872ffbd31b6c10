/* [PVH] Xen docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h, version 1. */
#include <string.h>

#include "elf.h"

#define NOTE_PHYS32_ENTRY 18u
#define START_MAGIC 0x336ec578u
#define START_BYTES 56u
#define MODULE_BYTES 32u
#define MAP_BYTES 24u
#define MODULES_AT (LAYOUT_BOOT_INFO + 0x100)
#define MAP_AT (LAYOUT_BOOT_INFO + 0x400)

static uint64_t align_4(uint64_t value)
{
    return (value + 3) & ~UINT64_C(3);
}

/* Notes of one segment: {name bytes, description bytes, type}, name, description, each padded to 4. */
static bool find_in_notes(const uint8_t *notes, uint64_t len, uint64_t *entry)
{
    uint64_t at = 0;
    while (len - at >= 12) {
        uint64_t name_len = load_u32(notes + at), text_len = load_u32(notes + at + 4);
        uint64_t name_at = at + 12, text_at = name_at + align_4(name_len), next = text_at + align_4(text_len);
        if (text_at > len || text_len > len - text_at) {
            return false;
        }
        bool ours = load_u32(notes + at + 8) == NOTE_PHYS32_ENTRY && name_len == 4 &&
                    memcmp(notes + name_at, "Xen", 4) == 0;
        if (ours && (text_len == 4 || text_len == 8)) {
            *entry = load_u32(notes + text_at);
            return text_len == 4 || load_u32(notes + text_at + 4) == 0;
        }
        if (next > len) {
            return false;
        }
        at = next;
    }
    return false;
}

static bool find_entry(const struct elf *elf, uint64_t *entry)
{
    for (uint32_t i = 0; i < elf->count; i++) {
        struct elf_segment segment;
        if (elf_segment(elf, i, &segment) && segment.type == ELF_NOTE &&
            find_in_notes(elf->file->bytes + segment.offset, segment.file_bytes, entry)) {
            return true;
        }
    }
    return false;
}

bool pvh_recognize(const struct blob *kernel)
{
    struct elf elf;
    uint64_t entry;
    return elf_open(kernel, &elf) && find_entry(&elf, &entry);
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
            return "the modules' command lines are too long";
        }
        store_u64(list + i * MODULE_BYTES, addresses[i]);
        store_u64(list + i * MODULE_BYTES + 8, module->len);
        store_u64(list + i * MODULE_BYTES + 16, text);
        store_u64(list + i * MODULE_BYTES + 24, 0);
    }
    return NULL;
}

static uint32_t fill_map(struct memory *memory, uint8_t *to)
{
    struct map_entry map[MEMORY_MAP_MAX];
    uint32_t count = boot_memory_map(memory, map);
    for (uint32_t i = 0; i < count; i++) {
        store_u64(to + i * MAP_BYTES, map[i].start);
        store_u64(to + i * MAP_BYTES + 8, map[i].len);
        store_u64(to + i * MAP_BYTES + 16, map[i].type);
    }
    return count;
}

static void fill_start_info(uint8_t *info, const struct boot_request *request, uint64_t text,
                            uint32_t map_count)
{
    memset(info, 0, START_BYTES);
    store_u32(info, START_MAGIC);
    store_u32(info + 4, 1);
    store_u32(info + 12, request->module_count);
    store_u64(info + 16, request->module_count != 0 ? MODULES_AT : 0);
    store_u64(info + 24, text);
    store_u64(info + 32, request->rsdp.value);
    store_u64(info + 40, MAP_AT);
    store_u32(info + 48, map_count);
}

const char *pvh_load(struct memory *memory, const struct boot_request *request, struct entry *entry)
{
    struct elf elf;
    uint64_t end, start, text, strings = LAYOUT_STRINGS;
    if (!elf_open(&request->kernel, &elf) || !find_entry(&elf, &start)) {
        return "no PVH note";
    }
    const char *refused = elf_load(memory, &elf, &end);
    if (refused != NULL) {
        return refused;
    }
    if (!boot_place_string(memory, &strings, request->kernel.text, request->kernel.text_len, &text)) {
        return "the command line is too long";
    }
    refused = fill_modules(memory, request, &strings, end);
    uint8_t *info = memory_at(memory, gpa(LAYOUT_BOOT_INFO), PAGE_BYTES);
    if (refused != NULL || info == NULL) {
        return refused != NULL ? refused : "no memory for the start info";
    }
    fill_start_info(info, request, text, fill_map(memory, info + (MAP_AT - LAYOUT_BOOT_INFO)));
    *entry = (struct entry){.kind = ENTRY_PROTECTED_MODE, .rip = start, .rbx = LAYOUT_BOOT_INFO};
    return NULL;
}
