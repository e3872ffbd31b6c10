#include "hw/barrier.h"

#include "hw/serial.h"
#include "hw/x86.h"

enum { MSR_PRED_CMD = 0x49, PRED_CMD_IBPB = 1, MSR_FLUSH_CMD = 0x10b, FLUSH_CMD_L1D = 1 };
/* CPUID 7.0 EDX and CPUID 0x80000008 EBX */
enum { EDX_MD_CLEAR = 1 << 10, EDX_IBRS_IBPB = 1 << 26, EDX_L1D_FLUSH = 1 << 28, AMD_IBPB = 1 << 12 };

struct barriers barriers;
bool barriers_any;

void barrier_init(void)
{
    struct cpuid seven = cpuid(7, 0), amd = cpuid(0x80000008, 0);

    barriers.ibpb = (seven.edx & EDX_IBRS_IBPB) != 0 || (amd.ebx & AMD_IBPB) != 0;
    barriers.md_clear = (seven.edx & EDX_MD_CLEAR) != 0;
    barriers.l1d_flush = (seven.edx & EDX_L1D_FLUSH) != 0;
    barriers.rsb_fill = barriers.ibpb;
    barriers_any = barriers.ibpb || barriers.md_clear || barriers.l1d_flush;
    if (!barriers.ibpb) console_line("WARNING: the processor has no indirect-branch prediction barrier (IBPB)");
    if (!barriers.md_clear) console_line("WARNING: the processor has no buffer clearing (MD_CLEAR)");
}

static void rsb_fill(void)
{
    /* 32 calls whose return addresses lead to a trap loop: [SDM-2023-09] has no such instruction; Intel's retpoline paper, 2018-06. */
    __asm__ volatile("mov $32, %%ecx\n1: call 2f\n3: pause; lfence; jmp 3b\n2: add $8, %%rsp\n dec %%ecx\n jnz 1b" ::
                         : "ecx", "memory", "cc");
}

void barrier_run(void)
{
    static const uint16_t selector = 0x10; /* VERW wants a writable data segment */

    if (barriers.ibpb) wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
    if (barriers.rsb_fill) rsb_fill();
    if (barriers.md_clear) __asm__ volatile("verw %0" ::"m"(selector) : "cc");
    if (barriers.l1d_flush) wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
}
