/* Device memory. The pages are mapped uncached, where the processor neither reorders nor merges accesses
 * ([SDM-2023-09] Vol 3A 12.3, type UC); volatile and the memory clobber stop the compiler from doing it.
 * So every access here is in program order with every other one and with ordinary memory. */
#ifndef LIB_MMIO_H
#define LIB_MMIO_H

#include <stdint.h>

#define MMIO_ACCESS(bits)                                                             \
    static inline uint##bits##_t mmio_read##bits(const volatile void *address)        \
    {                                                                                 \
        uint##bits##_t value = *(const volatile uint##bits##_t *)address;             \
        __asm__ volatile("" : : : "memory");                                          \
        return value;                                                                 \
    }                                                                                 \
    static inline void mmio_write##bits(volatile void *address, uint##bits##_t value) \
    {                                                                                 \
        __asm__ volatile("" : : : "memory");                                          \
        *(volatile uint##bits##_t *)address = value;                                  \
    }

MMIO_ACCESS(8)
MMIO_ACCESS(16)
MMIO_ACCESS(32)
MMIO_ACCESS(64)
#undef MMIO_ACCESS

#endif
