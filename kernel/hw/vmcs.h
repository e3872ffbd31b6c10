/* The virtual machine control structure and the instructions that reach it: [SDM-2023-09] Vol 3C chapters 25 and 31, Vol 3D appendix B.
 * Private to vmx*; unit tests put one made of memory in this header's place. */
#pragma once

#include "base/types.h"
#include "hw/vmcs_fields.h"

/* Of the current VMCS. A field that the processor lacks is never named: hvm_init_cpu has seen to that. */
static inline uint64_t vmcs_read(uint64_t field)
{
    uint64_t value;
    __asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"(field) : "cc");
    return value;
}

static inline void vmcs_write(uint64_t field, uint64_t value)
{
    __asm__ volatile("vmwrite %1, %0" : : "r"(field), "rm"(value) : "cc");
}

/* vmx_on(region), vmcs_clear(region), vmcs_load(region): 4 KiB each, the revision in the first word; false = refused. */
#define REGION_INSTRUCTION(name, instruction)                                         \
    MUST_CHECK static inline bool name(hpa_t region)                                  \
    {                                                                                 \
        bool fine;                                                                    \
        __asm__ volatile(instruction " %1" : "=@cca"(fine) : "m"(region) : "memory"); \
        return fine;                                                                  \
    }
REGION_INSTRUCTION(vmx_on, "vmxon")
REGION_INSTRUCTION(vmcs_clear, "vmclear")
REGION_INSTRUCTION(vmcs_load, "vmptrld")

/* [SDM-2023-09] Vol 3C 31.3 INVEPT, INVVPID; type 1 is "single context", 2 "all contexts". */
enum { INVALIDATE_SINGLE = 1, INVALIDATE_ALL = 2 };
#define INVALIDATE(instruction)                                                                   \
    static inline void instruction(uint64_t type, uint64_t what)                                  \
    {                                                                                             \
        const uint64_t descriptor[2] = {what, 0};                                                 \
        __asm__ volatile(#instruction " %0, %1" : : "m"(descriptor), "r"(type) : "cc", "memory"); \
    }
INVALIDATE(invept)
INVALIDATE(invvpid)
