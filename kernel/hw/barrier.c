#include "hw/barrier.h"

#include "hw/cpu_asm.h"
#include "hw/serial.h"
#include "hw/x86.h"

enum { MSR_PRED_CMD = 0x49, PRED_CMD_IBPB = 1, MSR_FLUSH_CMD = 0x10b, FLUSH_CMD_L1D = 1 };
/* CPUID 7.0 EDX and CPUID 0x80000008 EBX */
enum { EDX_MD_CLEAR = 1 << 10, EDX_IBRS_IBPB = 1 << 26, EDX_L1D_FLUSH = 1 << 28, AMD_IBPB = 1 << 12 };

bool barriers_any;
/* Which barriers this processor has. Written at boot only. */
static struct {
    bool ibpb, md_clear, l1d_flush;
} has;

void barrier_init(void)
{
    const struct cpuid seven = cpuid(7, 0), amd = cpuid(0x80000008, 0);
    has.ibpb = (seven.edx & EDX_IBRS_IBPB) || (amd.ebx & AMD_IBPB);
    has.md_clear = seven.edx & EDX_MD_CLEAR;
    has.l1d_flush = seven.edx & EDX_L1D_FLUSH;
    barriers_any = has.ibpb || has.md_clear || has.l1d_flush;
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
    if (has.l1d_flush) wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
}
