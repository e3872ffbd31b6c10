/* What the loader handed over, in one form for multiboot 1 and 2; checked, page-aligned, sorted. */
#pragma once

#include "bulkhead/abi.h"
#include "hw/window.h"

enum { BOOT_REGIONS = 64, BOOT_MODULES = 24, BOOT_NAME_BYTES = 40 };

struct boot {
    /* Filled are the modules, rsdp (0 = none found) and, as regions, the usable memory: without the first MiB, the kernel, the modules. */
    struct boot_info info;
    uint64_t memory_end; /* end of the highest RAM */
};

static inline uint64_t page_up(uint64_t address) { return (address + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

/* From start.S: @magic and @info as the loader left them. Fills @boot or panics with the reason. */
void boot_parse(struct boot *boot, uint32_t magic, uint64_t info);

/* The part that needs no machine: fill @boot from the loader's structures in @memory, all of it hostile; [0, image_end) is never free.
 * Returns NULL or the reason for refusal. */
MUST_CHECK const char *boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t info, uint64_t image_end);
