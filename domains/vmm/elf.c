/* [ELF] System V ABI, edition 4.1 chapter 4 and 5; [SysV-ABI]. */
#include "elf.h"

#include <string.h>

#define MACHINE_386 3u
#define MACHINE_X86_64 62u
#define TYPE_EXECUTABLE 2u
#define TYPE_SHARED 3u
#define SEGMENTS_MAX 64u

static bool inside(uint64_t offset, uint64_t len, uint64_t limit)
{
    return offset <= limit && len <= limit - offset;
}

bool elf_open(const struct blob *file, struct elf *elf)
{
    const uint8_t *b = file->bytes;
    *elf = (struct elf){.file = file};
    if (file->len < 64 || memcmp(b, "\177ELF", 4) != 0 || (b[4] != 1 && b[4] != 2) || b[5] != 1) {
        return false;
    }
    uint16_t type = load_u16(b + 16), machine = load_u16(b + 18);
    elf->is_64 = b[4] == 2;
    if ((type != TYPE_EXECUTABLE && type != TYPE_SHARED) ||
        machine != (elf->is_64 ? MACHINE_X86_64 : MACHINE_386)) {
        return false;
    }
    elf->entry = elf->is_64 ? load_u64(b + 24) : load_u32(b + 24);
    elf->table = elf->is_64 ? load_u64(b + 32) : load_u32(b + 28);
    elf->entry_bytes = load_u16(b + (elf->is_64 ? 54 : 42));
    elf->count = load_u16(b + (elf->is_64 ? 56 : 44));
    return elf->entry_bytes >= (elf->is_64 ? 56u : 32u) && elf->count <= SEGMENTS_MAX &&
           inside(elf->table, (uint64_t)elf->entry_bytes * elf->count, file->len);
}

bool elf_segment(const struct elf *elf, uint32_t index, struct elf_segment *segment)
{
    const uint8_t *b = elf->file->bytes + elf->table + (uint64_t)index * elf->entry_bytes;
    if (elf->is_64) {
        *segment = (struct elf_segment){.type = load_u32(b),
                                        .offset = load_u64(b + 8),
                                        .virtual = load_u64(b + 16),
                                        .physical = load_u64(b + 24),
                                        .file_bytes = load_u64(b + 32),
                                        .memory_bytes = load_u64(b + 40),
                                        .align = load_u64(b + 48)};
    } else {
        *segment = (struct elf_segment){.type = load_u32(b),
                                        .offset = load_u32(b + 4),
                                        .virtual = load_u32(b + 8),
                                        .physical = load_u32(b + 12),
                                        .file_bytes = load_u32(b + 16),
                                        .memory_bytes = load_u32(b + 20),
                                        .align = load_u32(b + 28)};
    }
    return inside(segment->offset, segment->file_bytes, elf->file->len);
}

static const char *load_segment(struct memory *memory, const struct elf *elf,
                                const struct elf_segment *segment)
{
    if (segment->memory_bytes < segment->file_bytes) {
        return "an ELF segment is larger in the file than in memory";
    }
    if (segment->physical < LAYOUT_KERNEL_MIN) {
        return "an ELF segment lies below 1 MiB";
    }
    uint8_t *to = memory_at(memory, gpa(segment->physical), segment->memory_bytes);
    if (to == NULL) {
        return "an ELF segment does not fit into the guest's memory";
    }
    memcpy(to, elf->file->bytes + segment->offset, segment->file_bytes);
    memset(to + segment->file_bytes, 0, segment->memory_bytes - segment->file_bytes);
    return NULL;
}

const char *elf_load(struct memory *memory, const struct elf *elf, uint64_t *end)
{
    *end = LAYOUT_KERNEL_MIN;
    for (uint32_t i = 0; i < elf->count; i++) {
        struct elf_segment segment;
        if (!elf_segment(elf, i, &segment)) {
            return "an ELF segment lies outside the file";
        }
        if (segment.type != ELF_LOAD || segment.memory_bytes == 0) {
            continue;
        }
        const char *refused = load_segment(memory, elf, &segment);
        if (refused != NULL) {
            return refused;
        }
        if (segment.physical + segment.memory_bytes > *end) {
            *end = segment.physical + segment.memory_bytes;
        }
    }
    return NULL;
}
