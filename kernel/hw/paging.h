/* The kernel's half of every address space. */
#pragma once

#include "base/types.h"

/* Build the kernel's tables: direct map up to @memory_end and at least 4 GiB, image W^X, MMIO window. Once. */
void paging_init(uint64_t memory_end);
/* Leave the boot tables for the kernel's own; switch on what CPUID has of SMEP, SMAP, UMIP, PGE. */
void paging_init_cpu(void);
/* Map @bytes of device registers at @pa, uncached, at boot only; panics when the window is full. */
void *mmio_map(hpa_t pa, uint64_t bytes);
/* Entries 256 and 511 of a new address space's root. */
void kernel_root_entries(uint64_t *pml4);
/* CR3 of the kernel's own tables, for idle processors. */
hpa_t kernel_root(void);
