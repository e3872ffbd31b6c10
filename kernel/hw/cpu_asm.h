/* Offsets shared with assembly; hw/cpu.c and obj/thread.c assert each. */
#ifndef HW_CPU_ASM_H
#define HW_CPU_ASM_H

#define CPU_SELF 0
#define CPU_SCRATCH 8
#define CPU_STACK 16
#define CPU_REGS_TOP 24 /* &current->regs + sizeof: where an entry pushes */
#define CPU_CURRENT 32
#define CPU_BADGE 40
#define CPU_LABEL 48
#define CPU_EXTRA 56 /* pointer to words 6..9 in a struct registers */
#define CPU_GUEST_WORDS 64

/* struct registers, in the order in which an entry pushes (highest address first: ss). */
#define REGS_R15 0
#define REGS_R14 8
#define REGS_R13 16
#define REGS_R12 24
#define REGS_RBP 32
#define REGS_RBX 40
#define REGS_RAX 48
#define REGS_RDI 56
#define REGS_RSI 64
#define REGS_RDX 72
#define REGS_R8 80
#define REGS_R9 88
#define REGS_R10 96
#define REGS_R11 104
#define REGS_RCX 112
#define REGS_VECTOR 120
#define REGS_ERROR 128
#define REGS_RIP 136
#define REGS_CS 144
#define REGS_RFLAGS 152
#define REGS_RSP 160
#define REGS_SS 168
#define REGS_BYTES 176

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b /* SYSRET wants data before code: [APM2] 6.1.1 */
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#endif
