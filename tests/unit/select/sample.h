/* A machine's memory as a good loader leaves it: two kernels, two modules, a memory map and ACPI tables. */
#pragma once

#include "select/select.h"

enum {
    MIB = 1 << 20,
    SAMPLE_MEMORY = 8 * MIB,
    INFO = 0x9000,
    LOW_MODULE = 0x20000,
    TABLES = 6 * MIB,
    MODULE = 6 * MIB + 0x10000,
    KERNEL_SVM = 7 * MIB,
    KERNEL_VMX = 7 * MIB + 0x10000,
    KERNEL_BYTES = 0x2000,
    ENTRY = MIB + 0x40
};
enum { TAG_END = 0, TAG_MODULE = 3, TAG_MAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };
enum { RAM = 1, RESERVED = 2 };

struct sample {
    uint8_t *bytes; /* SAMPLE_MEMORY of them */
    uint32_t end;   /* of the tags so far */
};

void put16(const struct sample *sample, uint32_t at, uint16_t value);
void put32(const struct sample *sample, uint32_t at, uint32_t value);
void put64(const struct sample *sample, uint32_t at, uint64_t value);
uint32_t get32(const struct sample *sample, uint32_t at);

/* The multiboot2 information: begun, with a tag more, ended. sample_tag returns where the tag is. */
void sample_start(struct sample *sample);
uint32_t sample_tag(struct sample *sample, uint32_t type, uint32_t bytes);
uint32_t sample_module(struct sample *sample, uint32_t start, uint32_t end, const char *words);
void sample_map(struct sample *sample, uint64_t base, uint64_t bytes, uint32_t type);
void sample_rsdp(struct sample *sample, bool new, uint64_t root);
void sample_end(struct sample *sample);

/* A root table at @at that lists one table, of @signature, behind it. */
void sample_root(const struct sample *sample, uint32_t at, bool wide, const char *signature);
/* Make the sum of [at, at + bytes) zero by the byte at @field. */
void sample_seal(const struct sample *sample, uint32_t at, uint32_t bytes, uint32_t field);
/* An ELF64 kernel at @at: headers and code at 1 MiB, data at 2 MiB with a part that the file does not fill. */
void sample_kernel(const struct sample *sample, uint32_t at, uint8_t fill);
/* All of it. */
void sample_good(struct sample *sample);
