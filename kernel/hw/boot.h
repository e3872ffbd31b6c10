/* What the loader handed over, in one form for multiboot 1 and 2; checked, page-aligned, sorted. */
#pragma once

#include "bulkhead/abi.h"
#include "hw/window.h"

enum { BOOT_REGIONS = 64, BOOT_MODULES = 24, BOOT_RANGES = 256 };

/* RAM, or what is not free whatever else covers it. */
struct boot_range {
    uint64_t base, end;
    bool ram;
};

struct boot {
    /* Filled are the modules, rsdp (0 = none found) and, as regions, the usable memory: without the first MiB, the kernel, the modules. */
    struct boot_info info;
    uint64_t memory_end; /* end of the highest RAM */
    uint32_t range_count;
    struct boot_range range[BOOT_RANGES];
};

static inline uint64_t page_up(uint64_t address) { return (address + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

/* Fill @boot, which is all zero, from the loader's structures in @memory, all of it hostile; @magic and @at as the loader left them in
 * registers, [0, image_end) is never free. Panics with the reason for refusal. */
void boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t at, uint64_t image_end);
