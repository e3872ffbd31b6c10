/* What the loader handed over, in one form for multiboot 1 and 2; checked, page-aligned, sorted. */
#ifndef HW_BOOT_H
#define HW_BOOT_H

#include "base/types.h"

enum { BOOT_REGIONS = 64, BOOT_MODULES = 24, BOOT_NAME_BYTES = 40 };

struct boot_range {
    uint64_t base, bytes;
};
struct boot_image {
    uint64_t base, bytes;
    char name[BOOT_NAME_BYTES];
};

struct boot {
    uint32_t free_count; /* usable memory: without the first MiB, the kernel, the modules */
    struct boot_range free[BOOT_REGIONS];
    uint32_t module_count;
    struct boot_image module[BOOT_MODULES];
    uint64_t rsdp;       /* 0 = none found */
    uint64_t memory_end; /* end of the highest RAM */
};

/* From start.S: @magic and @info as the loader left them. Fills @boot or panics with the reason. */
void boot_parse(struct boot *boot, uint32_t magic, uint64_t info);

#endif
