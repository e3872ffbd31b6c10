/* The kernel's names for bits and registers; device registers are machine.h's units. */
#ifndef HW_X86_H
#define HW_X86_H

#define mmio_read32 real_mmio_read32
#define mmio_write32 real_mmio_write32
#define cache_line_flush real_cache_line_flush
#define memory_fence real_memory_fence
#define in32 real_in32
#define out32 real_out32
#define cpuid(...) real_cpuid(__VA_ARGS__)
#include_next "hw/x86.h"
#undef mmio_read32
#undef mmio_write32
#undef cache_line_flush
#undef memory_fence
#undef in32
#undef out32
#undef cpuid

uint32_t mmio_read32(const volatile void *address);
void mmio_write32(volatile void *address, uint32_t value);
void cache_line_flush(const void *address);
void memory_fence(void);
uint32_t in32(uint16_t port);
void out32(uint16_t port, uint32_t value);
struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);

#endif
