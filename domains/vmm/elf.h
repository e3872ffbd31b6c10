/* Program headers of an ELF32 or ELF64 executable for x86. */
#ifndef VMM_ELF_H
#define VMM_ELF_H

#include "boot.h"

struct elf {
    const struct blob *file;
    bool is_64;
    uint64_t entry;
    uint64_t table; /* offset of the program headers; all of them lie inside the file */
    uint32_t entry_bytes;
    uint32_t count;
};

struct elf_segment {
    uint32_t type;
    uint64_t offset, physical, virtual, file_bytes, memory_bytes, align;
};

#define ELF_LOAD 1u
#define ELF_NOTE 4u

bool elf_open(const struct blob *file, struct elf *elf);
/* @index < elf->count. False: its bytes are not all inside the file. */
bool elf_segment(const struct elf *elf, uint32_t index, struct elf_segment *segment);
/* Copies every PT_LOAD to its physical address, above LAYOUT_KERNEL_MIN. NULL, or why not. *end: first byte after. */
const char *elf_load(struct memory *memory, const struct elf *elf, uint64_t *end);

#endif
