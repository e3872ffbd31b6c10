/* Offsets shared with assembly; hw/cpu.c and obj/thread.c assert each. */
#ifndef HW_CPU_ASM_H
#define HW_CPU_ASM_H

#define CPU_SELF 0
#define CPU_SCRATCH 8
#define CPU_STACK 16
#define CPU_CURRENT 24
#define CPU_FPU 32
#define CPU_CR3 48
#define CPU_FS_BASE 56
#define CPU_COMPARTMENT 64
#define CPU_TSS_RSP0 76

/* struct thread behind its registers; struct slot, endpoint, sched, vcpu. */
#define THREAD_STATE 176
#define THREAD_RESUME 177
#define THREAD_FPU_RIGHT 178
#define THREAD_COMPARTMENT 180
#define THREAD_CR3 192
#define THREAD_FS_BASE 200
#define THREAD_CAPTAB 208
#define THREAD_OWN 216
#define THREAD_SCHED 224
#define THREAD_RESERVE 232
#define THREAD_LENDER 240
#define THREAD_CALLER 248
#define THREAD_CALLEE 256
#define THREAD_ENDPOINT 264
#define THREAD_OWNS 272
#define THREAD_BOUND 288
#define THREAD_VCPU 296
#define THREAD_DEADLINE 336
#define THREAD_DEBTOR 376
#define THREAD_TIMER_WHEN 384
#define THREAD_FPU_AREA 832
#define SLOT_RIGHTS 1
#define SLOT_MASK 4
#define SLOT_INTERFACE 8
#define SLOT_BADGE 16
#define SLOT_OBJECT 24
#define ENDPOINT_SERVER 0
#define ENDPOINT_HEAD 16
#define SCHED_HOLDER 16
#define SCHED_DEBT 104
#define NOTIF_HEAD 8
#define NOTIF_BOUND 24
#define VCPU_PAGE 16
#define VCPU_FPU 128
#define VCPU_THREAD 960
#define VCPU_SPACE 968
#define VCPU_CAPTAB 976
#define VCPU_RUN_DEADLINE 984
#define VCPU_TSC_OFFSET 120
#define SPACE_GENERATION 32

/* struct registers. */
#define REGS_RBX 0
#define REGS_RDX 48
#define REGS_RAX 80
#define REGS_RDI 88
#define REGS_RSI 96
#define REGS_R11 104
#define REGS_RIP 136
#define REGS_RFLAGS 152
#define REGS_RSP 160
#define REGS_BYTES 176

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b /* SYSRET wants data before code: [APM2] 6.1.1 */
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#endif
