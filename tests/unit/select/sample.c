#include "sample.h"

#include <string.h>

void put16(const struct sample *sample, uint32_t at, uint16_t value)
{
    memcpy(sample->bytes + at, &value, sizeof value);
}

void put32(const struct sample *sample, uint32_t at, uint32_t value)
{
    memcpy(sample->bytes + at, &value, sizeof value);
}

void put64(const struct sample *sample, uint32_t at, uint64_t value)
{
    memcpy(sample->bytes + at, &value, sizeof value);
}

uint32_t get32(const struct sample *sample, uint32_t at)
{
    uint32_t value;
    memcpy(&value, sample->bytes + at, sizeof value);
    return value;
}

void sample_start(struct sample *sample)
{
    memset(sample->bytes, 0, SAMPLE_MEMORY);
    sample->end = INFO + 8;
}

uint32_t sample_tag(struct sample *sample, uint32_t type, uint32_t bytes)
{
    const uint32_t at = sample->end;
    put32(sample, at, type);
    put32(sample, at + 4, bytes);
    sample->end = at + (bytes + 7) / 8 * 8;
    put32(sample, INFO, sample->end - INFO);
    return at;
}

uint32_t sample_module(struct sample *sample, uint32_t start, uint32_t end, const char *words)
{
    const uint32_t at = sample_tag(sample, TAG_MODULE, 16 + (uint32_t)strlen(words) + 1);
    put32(sample, at + 8, start);
    put32(sample, at + 12, end);
    memcpy(sample->bytes + at + 16, words, strlen(words) + 1);
    return at;
}

void sample_map(struct sample *sample, uint64_t base, uint64_t bytes, uint32_t type)
{
    const uint32_t at = sample_tag(sample, TAG_MAP, 16 + 24);
    put32(sample, at + 8, 24);
    put64(sample, at + 16, base);
    put64(sample, at + 24, bytes);
    put32(sample, at + 32, type);
}

void sample_seal(const struct sample *sample, uint32_t at, uint32_t bytes, uint32_t field)
{
    uint8_t sum = 0;
    sample->bytes[field] = 0;
    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + sample->bytes[at + i]);
    sample->bytes[field] = (uint8_t)-sum;
}

void sample_rsdp(struct sample *sample, bool new, uint64_t root)
{
    const uint32_t at = sample_tag(sample, new ? TAG_RSDP_NEW : TAG_RSDP_OLD, 8 + (new ? 36 : 20)) + 8;
    memcpy(sample->bytes + at, "RSD PTR ", 8);
    if (new) {
        sample->bytes[at + 15] = 2;
        put32(sample, at + 20, 36);
        put64(sample, at + 24, root);
    } else {
        put32(sample, at + 16, (uint32_t)root);
    }
    sample_seal(sample, at, 20, at + 8);
}

void sample_end(struct sample *sample)
{
    sample_tag(sample, TAG_END, 8);
}

void sample_root(const struct sample *sample, uint32_t at, bool wide, const char *signature)
{
    const uint32_t width = wide ? 8 : 4;
    memcpy(sample->bytes + at, wide ? "XSDT" : "RSDT", 4);
    put32(sample, at + 4, 36 + 2 * width);
    put32(sample, at + 36, at + 0x200); /* FACP */
    put32(sample, at + 36 + width, at + 0x100);
    sample_seal(sample, at, 36 + 2 * width, at + 9);
    memcpy(sample->bytes + at + 0x100, signature, 4);
    memcpy(sample->bytes + at + 0x200, "FACP", 4);
}

static void segment(const struct sample *sample, uint32_t at, uint32_t flags, uint32_t offset,
                    uint32_t physical, uint32_t file_bytes, uint32_t bytes)
{
    put32(sample, at, 1);
    put32(sample, at + 4, flags);
    put64(sample, at + 8, offset);
    put64(sample, at + 16, physical);
    put64(sample, at + 24, physical);
    put64(sample, at + 32, file_bytes);
    put64(sample, at + 40, bytes);
}

void sample_kernel(const struct sample *sample, uint32_t at, uint8_t fill)
{
    memset(sample->bytes + at, fill, KERNEL_BYTES);
    memset(sample->bytes + at, 0, 0x200);
    memcpy(sample->bytes + at, "\177ELF\2\1\1", 7);
    put16(sample, at + 18, 62);
    put64(sample, at + 24, ENTRY);
    put64(sample, at + 32, 64);
    put16(sample, at + 54, 56);
    put16(sample, at + 56, 3);
    segment(sample, at + 64, 5, 0x1000, MIB, 0x800, 0x800);
    put32(sample, at + 64 + 56, 7); /* neither loaded nor looked at */
    put64(sample, at + 64 + 56 + 8, UINT64_MAX);
    segment(sample, at + 64 + 112, 6, 0x1800, 2 * MIB, 0x100, 0x4000);
}

void sample_good(struct sample *sample)
{
    sample_start(sample);
    memset(sample->bytes + MIB, 0xee, SELECTOR_END - MIB);
    sample_module(sample, KERNEL_SVM, KERNEL_SVM + KERNEL_BYTES, "kernel cpu=svm iommu=none");
    sample_module(sample, KERNEL_VMX, KERNEL_VMX + KERNEL_BYTES, "kernel cpu=vmx iommu=none");
    sample_module(sample, LOW_MODULE, LOW_MODULE + 0x1001, "builder");
    sample_module(sample, MODULE, MODULE + 0x800, "kernel.elf");
    sample_map(sample, 0, 640 << 10, RAM);
    sample_map(sample, MIB, 7 * MIB, RAM);
    sample_map(sample, 3ull << 30, UINT64_MAX, RESERVED);
    sample_rsdp(sample, false, TABLES);
    sample_end(sample);
    sample_root(sample, TABLES, false, "MCFG");
    sample_kernel(sample, KERNEL_SVM, 0x51);
    sample_kernel(sample, KERNEL_VMX, 0x52);
    memset(sample->bytes + LOW_MODULE, 0x61, 0x1001);
    memset(sample->bytes + MODULE, 0x62, 0x800);
}
