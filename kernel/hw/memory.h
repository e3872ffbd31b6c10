/* Where physical memory and the kernel image stand in every address space. */
#pragma once

#include "base/types.h"

#define DIRECT_MAP 0xffff800000000000ull     /* PML4[256]: physical memory, 1 GiB pages */
#define DIRECT_MAP_BYTES (512ull << 30)      /* what one PML4 entry spans */
#define KERNEL_VIRTUAL 0xffffffff80000000ull /* PML4[511]: the image, linked at its load address + this */
#define MMIO_VIRTUAL 0xffffffffbfe00000ull   /* the last 2 MiB of the image's GiB: device registers of the kernel */

/* The one trusted conversion. @pa names memory below memory_end or 4 GiB, which the caller has checked. */
static inline void *phys_to_ptr(hpa_t pa) { return (void *)(DIRECT_MAP + pa.value); }

/* Only for pointers that phys_to_ptr gave. */
static inline hpa_t ptr_to_phys(const void *pointer) { return (hpa_t){(uint64_t)pointer - DIRECT_MAP}; }

/* Only for pointers into the kernel image. */
static inline hpa_t image_to_phys(const void *pointer) { return (hpa_t){(uint64_t)pointer - KERNEL_VIRTUAL}; }

/* Section bounds from link.ld, each page aligned. */
extern const uint8_t kernel_text_start[], kernel_text_end[], kernel_rodata_start[], kernel_rodata_end[];
extern const uint8_t kernel_data_start[], kernel_end[];
