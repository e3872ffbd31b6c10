/* The host's stand-in for kernel/hw/memory.h: physical memory is an array. */
#ifndef HW_MEMORY_H
#define HW_MEMORY_H

#include "fake.h"

static inline void *phys_to_ptr(hpa_t pa)
{
    return fake_phys_to_ptr(pa.value);
}
static inline hpa_t ptr_to_phys(const void *pointer)
{
    return (hpa_t){fake_ptr_to_phys(pointer)};
}

#endif
