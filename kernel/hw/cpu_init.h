/* Descriptor tables and SYSCALL of one processor. */
#ifndef HW_CPU_INIT_H
#define HW_CPU_INIT_H

#include "hw/cpu.h"

enum { PROCESSORS_MAX = 1 };

extern struct cpu cpu_block[PROCESSORS_MAX];

/* GDT, TSS, IDT, GS and SYSCALL for processor @index, whose block is zero; then cpu_self() works. */
void cpu_init(struct cpu *cpu, uint32_t index);

#endif
