#include "hw/fpu.h"
#include "base/panic.h"
#include "base/string.h"
#include "hw/x86.h"

/* XCR0: [SDM-2023-09] Vol 1 13.3 */
enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4, FEATURE_AVX = 1 << 28 };
enum { AREA_FCW = 0, AREA_MXCSR = 24, FCW_INITIAL = 0x37f, MXCSR_INITIAL = 0x1f80 };

/* Control words at their reset values; the empty XSAVE header stands for the initial state of all parts. */
const struct fpu fpu_initial = {
    .area = {[AREA_FCW] = FCW_INITIAL & 0xff, FCW_INITIAL >> 8, [AREA_MXCSR] = MXCSR_INITIAL & 0xff, MXCSR_INITIAL >> 8},
};

void fpu_init(struct fpu *fpu)
{
    memcpy(fpu, &fpu_initial, AREA_MXCSR + sizeof(uint32_t)); /* the rest is zero, as retype left it */
}

static void fpu_load(const struct fpu *fpu) { __asm__ volatile("xrstor64 %0" : : "m"(*fpu), "a"(UINT32_MAX), "d"(UINT32_MAX)); }

void fpu_init_cpu(struct cpu *cpu)
{
    const uint32_t features = cpuid(1, 0).ecx;
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
    cpu->xcr0 = XCR0_X87 | XCR0_SSE | ((features & FEATURE_AVX) ? XCR0_AVX : 0);
    xsetbv(0, cpu->xcr0);
    ASSERT(cpuid(0xd, 0).ebx <= FPU_BYTES); /* bytes for what XCR0 enables now */
    fpu_load(&fpu_initial);
}

void fpu_switch(struct cpu *cpu, struct fpu *next)
{
    if (cpu->fpu) __asm__ volatile("xsave64 %0" : "+m"(*cpu->fpu) : "a"(UINT32_MAX), "d"(UINT32_MAX));
    fpu_load(next ? next : &fpu_initial);
    cpu->fpu = next;
}

void fpu_forget(struct cpu *cpu, struct fpu *fpu)
{
    if (cpu->fpu != fpu) return;
    cpu->fpu = NULL;
    fpu_load(&fpu_initial);
}
