/* Extended state: never shared, never lazily left to another compartment. */
#pragma once

#include "hw/cpu.h"

/* XSAVE area of x87, SSE and AVX in standard form: [SDM-2023-09] Vol 1 13.4. */
enum { FPU_BYTES = 832 };
struct fpu {
    _Alignas(64) uint8_t area[FPU_BYTES];
};

extern const struct fpu fpu_initial;
/* Make @fpu, which is all zero, the initial state (x87 and SSE control words at reset values). */
void fpu_init(struct fpu *fpu);
/* Enable FPU, SSE, XSAVE and, where CPUID has it, AVX on this processor, whose CR0 paging_init_cpu has set; sets cpu->xcr0. */
void fpu_init_cpu(struct cpu *cpu);
/* Save what is loaded for its owner, then load @next, or the initial state for NULL.
 * A thread without the FPU right keeps whatever its own compartment left in the registers (a VMM's thread: its guest's state) and has nothing
 * of its own saved. Between compartments something is always loaded: nothing is left to be found, not even speculatively. */
void fpu_switch(struct cpu *cpu, struct fpu *next);
/* Whoever owned @fpu is going away: forget it without saving. */
void fpu_forget(struct cpu *cpu, struct fpu *fpu);
