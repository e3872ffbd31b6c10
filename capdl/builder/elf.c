#include "elf.h"

#include <stddef.h>
#include <string.h>

#include "checked.h"

#include <bulkhead/abi.h>

/* [ELF64] 3: the file header. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};
_Static_assert(sizeof(struct elf_header) == 64, "[ELF64] 3");
_Static_assert(offsetof(struct elf_header, entry) == 24, "[ELF64] 3");
_Static_assert(offsetof(struct elf_header, program_count) == 56, "[ELF64] 3");

/* [ELF64] 8: a program header. */
struct elf_program {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, file_bytes, memory_bytes, align;
};
_Static_assert(sizeof(struct elf_program) == 56, "[ELF64] 8");

enum {
    ELF_TYPE_EXECUTABLE = 2,
    ELF_MACHINE_X86_64 = 62,
    ELF_PROGRAMS_MAX = 16,
    ELF_PROGRAM_NULL = 0,
    ELF_PROGRAM_LOAD = 1,
    ELF_PROGRAM_NOTE = 4,
    ELF_FLAG_EXEC = 1,
    ELF_FLAG_WRITE = 2,
    ELF_FLAG_READ = 4,
};
#define ELF_PROGRAM_GNU_PROPERTY UINT32_C(0x6474e553)
#define ELF_PROGRAM_GNU_STACK UINT32_C(0x6474e551)

static bool check_header(const struct elf_header *header, uint64_t len_bytes, struct refusal *why)
{
    /* class 64, little-endian, version 1, System V or GNU ABI */
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    if (memcmp(header->ident, ident, sizeof ident) != 0 || (header->ident[7] != 0 && header->ident[7] != 3)) {
        return refuse(why, "not a little-endian ELF64 file");
    }
    if (header->type != ELF_TYPE_EXECUTABLE || header->machine != ELF_MACHINE_X86_64 ||
        header->version != 1) {
        return refuse(why, "not a static x86-64 executable (type %u, machine %u)", header->type,
                      header->machine);
    }
    if (header->header_bytes != sizeof *header || header->program_entry_bytes != sizeof(struct elf_program)) {
        return refuse(why, "ELF headers of unknown size");
    }
    if (header->program_count == 0 || header->program_count > ELF_PROGRAMS_MAX) {
        return refuse(why, "%u program headers, allowed 1 to %u", header->program_count, ELF_PROGRAMS_MAX);
    }
    uint64_t table_bytes = (uint64_t)header->program_count * sizeof(struct elf_program);
    if (header->program_offset % 8 != 0 || !range_inside(header->program_offset, table_bytes, 0, len_bytes)) {
        return refuse(why, "program headers outside the file");
    }
    return true;
}

static uint8_t access_of(uint32_t flags)
{
    uint32_t access = 0;
    access |= (flags & ELF_FLAG_READ) != 0 ? MAP_READ : 0u;
    access |= (flags & ELF_FLAG_WRITE) != 0 ? MAP_WRITE : 0u;
    access |= (flags & ELF_FLAG_EXEC) != 0 ? MAP_EXEC : 0u;
    return (uint8_t)access;
}

static bool check_load(const struct elf_program *program, uint64_t len_bytes, struct refusal *why)
{
    uint32_t flags = program->flags;
    if ((flags & ~(uint32_t)(ELF_FLAG_READ | ELF_FLAG_WRITE | ELF_FLAG_EXEC)) != 0 ||
        (flags & ELF_FLAG_READ) == 0) {
        return refuse(why, "segment with flags 0x%x", flags);
    }
    if ((flags & ELF_FLAG_WRITE) != 0 && (flags & ELF_FLAG_EXEC) != 0) {
        return refuse(why, "segment both writable and executable");
    }
    if (program->memory_bytes == 0 || program->file_bytes > program->memory_bytes) {
        return refuse(why, "segment with more bytes in the file than in memory, or none");
    }
    if (!range_inside(program->offset, program->file_bytes, 0, len_bytes)) {
        return refuse(why, "segment outside the file");
    }
    if (!range_inside(program->vaddr, program->memory_bytes, ELF_ADDRESS_MIN,
                      ELF_ADDRESS_END - ELF_ADDRESS_MIN)) {
        return refuse(why, "segment at 0x%llx outside 0x%llx to 0x%llx", (unsigned long long)program->vaddr,
                      (unsigned long long)ELF_ADDRESS_MIN, (unsigned long long)ELF_ADDRESS_END);
    }
    /* [ELF64] 8: vaddr and offset agree modulo the alignment, which is a power of two of at least a page. */
    uint64_t align = program->align;
    if (align < PAGE_BYTES || (align & (align - 1)) != 0 ||
        ((program->vaddr ^ program->offset) & (align - 1)) != 0) {
        return refuse(why, "segment misaligned");
    }
    return true;
}

/* Appends a checked segment; page-disjoint and ascending in respect of the last one. */
static bool add_segment(struct spec_image *found, const struct elf_program *program, struct refusal *why)
{
    if (found->segment_count == SPEC_MAX_SEGMENTS) {
        return refuse(why, "more than %u loadable segments", SPEC_MAX_SEGMENTS);
    }
    if (found->segment_count > 0) {
        const struct spec_segment *last = &found->segment[found->segment_count - 1];
        uint64_t last_page = (last->vaddr + last->memory_bytes - 1) / PAGE_BYTES;
        if (program->vaddr / PAGE_BYTES <= last_page) {
            return refuse(why, "segments overlap, share a page or do not ascend");
        }
    }
    found->segment[found->segment_count++] = (struct spec_segment){
        .vaddr = program->vaddr,
        .offset = program->offset,
        .file_bytes = program->file_bytes,
        .memory_bytes = program->memory_bytes,
        .access = access_of(program->flags),
    };
    return true;
}

static bool take_program(struct spec_image *found, const struct elf_program *program, uint64_t len_bytes,
                         struct refusal *why)
{
    switch (program->type) {
    case ELF_PROGRAM_LOAD:
        return check_load(program, len_bytes, why) && add_segment(found, program, why);
    case ELF_PROGRAM_GNU_STACK:
        return (program->flags & ELF_FLAG_EXEC) == 0 || refuse(why, "asks for an executable stack");
    case ELF_PROGRAM_NULL:
    case ELF_PROGRAM_NOTE:
    case ELF_PROGRAM_GNU_PROPERTY:
        return true;
    default:
        /* Interpreter, dynamic section, thread-local storage: nobody here would serve them. */
        return refuse(why, "program header of type 0x%x", program->type);
    }
}

/* The entry must be a byte that the file brings, in a segment that may be executed. */
static bool check_entry(const struct spec_image *found, struct refusal *why)
{
    for (uint32_t i = 0; i < found->segment_count; i++) {
        const struct spec_segment *segment = &found->segment[i];
        if ((segment->access & MAP_EXEC) != 0 &&
            range_inside(found->entry, 1, segment->vaddr, segment->file_bytes)) {
            return true;
        }
    }
    return refuse(why, "entry 0x%llx is not in an executable segment", (unsigned long long)found->entry);
}

bool elf_parse(const uint8_t *file, uint64_t len_bytes, struct spec_image *found, struct refusal *why)
{
    struct elf_header header;
    found->segment_count = 0;
    if (len_bytes < sizeof header) {
        return refuse(why, "shorter than an ELF header");
    }
    memcpy(&header, file, sizeof header);
    if (!check_header(&header, len_bytes, why)) {
        return false;
    }
    for (uint64_t i = 0; i < header.program_count; i++) {
        struct elf_program program;
        memcpy(&program, file + header.program_offset + i * sizeof program, sizeof program);
        if (!take_program(found, &program, len_bytes, why)) {
            return false;
        }
    }
    found->entry = header.entry;
    return check_entry(found, why);
}

bool elf_matches(const struct spec_image *described, const struct spec_image *found, struct refusal *why)
{
    if (found->entry != described->entry || found->segment_count != described->segment_count) {
        return refuse(why, "entry or number of segments is not what the description says");
    }
    for (uint32_t i = 0; i < found->segment_count; i++) {
        const struct spec_segment *a = &found->segment[i], *b = &described->segment[i];
        if (a->vaddr != b->vaddr || a->offset != b->offset || a->file_bytes != b->file_bytes ||
            a->memory_bytes != b->memory_bytes || a->access != b->access) {
            return refuse(why, "segment %u is not what the description says", i);
        }
    }
    return true;
}
