/* The selector: of the kernels that a boot image carries, one is put in place and the others are wiped.
 * What the loader, the firmware's tables and the kernel files say is hostile: each is checked before anything is written for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The selector's own file takes the memory of the kernel it will load, so that the loader puts nothing else there: select.ld.
 * Behind it is room for modules that the loader put below 1 MiB, where the kernel wants none. */
enum { LANDING_START = 1 << 20, LANDING_END = 4 << 20, LOW_END = 640 << 10 };
enum { LOW_TO = LANDING_END + (64 << 10), SELECTOR_END = LOW_TO + LOW_END };
enum { LOADER_MAGIC = 0x36d76289, IMAGES = 8 };
enum { CPU_NONE, CPU_SVM, CPU_VMX, CPU_KINDS };
enum { IOMMU_NONE, IOMMU_VTD, IOMMU_AMDVI, IOMMU_KINDS };

extern const char *const cpu_name[CPU_KINDS], *const iommu_name[IOMMU_KINDS];

/* Physical memory from address 0. */
struct memory {
    uint8_t *base;
    uint64_t bytes;
};

/* A kernel's file, by the tag that says where the loader left it, and the hardware that it is for. */
struct image {
    struct module_tag *tag;
    uint32_t cpu, iommu;
};

struct selection {
    struct image image[IMAGES];
    uint32_t count, entry, iommu; /* images; the chosen one's start; what the machine has */
    uint64_t info, info_end;
};

/* Fill @s from the multiboot2 information at @info and the ACPI tables that it names. NULL, or the reason for refusal. */
const char *select_read(struct selection *s, const struct memory *memory, uint32_t magic, uint32_t info);

/* The image for @cpu and the IOMMU that was found, else the one for @cpu that drives no IOMMU, else NULL. */
const struct image *select_choose(const struct selection *s, uint32_t cpu);

/* Whether @image can be put in place; fills @s->entry. NULL, or the reason for refusal. */
const char *select_check(struct selection *s, const struct memory *memory, const struct image *image);

/* After all checks: put @image in place, strike all images from the multiboot2 information, and wipe their files. */
void select_commit(const struct selection *s, const struct memory *memory, const struct image *image);
