#include "hw/barrier.h"
#include "base/panic.h"
#include "hw/serial.h"
#include "hw/x86.h"

enum { MSR_ARCH_CAPABILITIES = 0x10a, RDCL_NO = 1 << 0 };
/* CPUID 7.0 EDX and CPUID 0x80000008 EBX; ECX of CPUID 0 for "GenuineIntel" */
enum { EDX_MD_CLEAR = 1 << 10, EDX_IBRS_IBPB = 1 << 26, EDX_CAPABILITIES = 1 << 29 };
enum { AMD_IBPB = 1 << 12, AMD_IBPB_RET = 1 << 30, INTEL = 0x6c65746e };

uint8_t barriers;

bool barrier_leaks(uint32_t vendor, uint32_t signature, const uint64_t *capabilities)
{
    if (vendor != INTEL || (signature >> 8 & 15) != 6) return false;
    if (capabilities) return !(*capabilities & RDCL_NO);
    const uint32_t model = (signature >> 12 & 0xf0) | (signature >> 4 & 15);
    return model != 0x6a && model != 0x6c && model != 0x7e; /* Ice Lake: [INTEL-AFFECTED] */
}

void barrier_init(void)
{
    const struct cpuid seven = cpuid(7, 0), amd = cpuid(0x80000008, 0);
    const bool told = seven.edx & EDX_CAPABILITIES;
    const uint64_t capabilities = told ? rdmsr(MSR_ARCH_CAPABILITIES) : 0;
    if (barrier_leaks(cpuid(0, 0).ecx, cpuid(1, 0).eax, told ? &capabilities : NULL))
        panic("the processor lets user mode read the kernel's pages (Meltdown: ARCH_CAPABILITIES lacks RDCL_NO)");
    const bool ibpb = (seven.edx & EDX_IBRS_IBPB) || (amd.ebx & AMD_IBPB), md_clear = seven.edx & EDX_MD_CLEAR;
    /* Intel's IBPB covers returns: [INTEL-IBPB]; AMD's where CPUID says so: [APM2] 3.2.9. */
    const bool returns = (seven.edx & EDX_IBRS_IBPB) || (amd.ebx & AMD_IBPB_RET);
    barriers = (uint8_t)((ibpb ? BARRIER_IBPB : 0) | (ibpb && !returns ? BARRIER_RETURNS : 0) | (md_clear ? BARRIER_VERW : 0));
    if (!ibpb) console_line("WARNING: ", "the processor has no indirect-branch prediction barrier (IBPB)");
    if (!md_clear) console_line("WARNING: ", "the processor has no buffer clearing (MD_CLEAR)");
}
