#include "hw/barrier.h"
#include "base/panic.h"
#include "hw/cpu_asm.h"
#include "hw/serial.h"
#include "hw/x86.h"

enum { MSR_PRED_CMD = 0x49, PRED_CMD_IBPB = 1, MSR_ARCH_CAPABILITIES = 0x10a, RDCL_NO = 1 << 0 };
/* CPUID 7.0 EDX and CPUID 0x80000008 EBX; ECX of CPUID 0 for "GenuineIntel" */
enum { EDX_MD_CLEAR = 1 << 10, EDX_IBRS_IBPB = 1 << 26, EDX_CAPABILITIES = 1 << 29, AMD_IBPB = 1 << 12, INTEL = 0x6c65746e };

bool barriers_any;
/* Which barriers this processor has. Written at boot only. */
static struct {
    bool ibpb, md_clear;
} has;

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
    has.ibpb = (seven.edx & EDX_IBRS_IBPB) || (amd.ebx & AMD_IBPB);
    has.md_clear = seven.edx & EDX_MD_CLEAR;
    barriers_any = has.ibpb || has.md_clear;
    if (!has.ibpb) console_line("WARNING: ", "the processor has no indirect-branch prediction barrier (IBPB)");
    if (!has.md_clear) console_line("WARNING: ", "the processor has no buffer clearing (MD_CLEAR)");
}

void barrier_run(void)
{
    static const uint16_t selector = SELECTOR_KERNEL_DATA; /* VERW wants a writable data segment */
    if (has.ibpb) {
        wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
        /* 32 calls whose return addresses lead to a trap loop: [SDM-2023-09] has no such instruction; Intel's retpoline paper, 2018-06. */
        __asm__ volatile("mov $32, %%ecx\n1: call 2f\n3: pause; lfence; jmp 3b\n2: add $8, %%rsp\n dec %%ecx\n jnz 1b"
                         :
                         :
                         : "ecx", "memory", "cc");
    }
    if (has.md_clear) __asm__ volatile("verw %0" : : "m"(selector) : "cc");
}
