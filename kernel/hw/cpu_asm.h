/* What assembly knows of C's structures, one list for both: tests/unit/entry/offsets.c asserts each. */
#pragma once

/* X(symbol, structure, member, offset) */
/* clang-format off */
#define ASM_OFFSETS(X) \
    X(REGS_RBX, registers, rbx, 0) X(REGS_RDX, registers, rdx, 48) X(REGS_RAX, registers, rax, 80) \
    X(REGS_RDI, registers, rdi, 88) X(REGS_RSI, registers, rsi, 96) X(REGS_R11, registers, r11, 104) \
    X(REGS_RIP, registers, rip, 136) X(REGS_RFLAGS, registers, rflags, 152) X(REGS_RSP, registers, rsp, 160) \
    X(CPU_SELF, cpu, self, 0) X(CPU_SCRATCH, cpu, scratch, 8) X(CPU_STACK, cpu, stack, 16) X(CPU_CURRENT, cpu, current, 24) \
    X(CPU_FPU, cpu, fpu, 32) X(CPU_CR3, cpu, cr3, 48) X(CPU_FS_BASE, cpu, fs_base, 56) X(CPU_COMPARTMENT, cpu, compartment, 64) \
    X(CPU_TSS_RSP0, cpu, tss.rsp0, 76) \
    X(THREAD_STATE, thread, state, 176) X(THREAD_RESUME, thread, resume, 177) X(THREAD_FPU_RIGHT, thread, fpu_right, 178) \
    X(THREAD_CAREFUL, thread, careful, 188) \
    X(THREAD_COMPARTMENT, thread, compartment, 180) X(THREAD_CR3, thread, cr3, 192) X(THREAD_FS_BASE, thread, fs_base, 200) \
    X(THREAD_CAPTAB, thread, captab, 208) X(THREAD_OWN, thread, own, 216) X(THREAD_SCHED, thread, sched, 224) \
    X(THREAD_RESERVE, thread, reserve, 232) X(THREAD_LENDER, thread, lender, 240) X(THREAD_CALLER, thread, caller, 248) \
    X(THREAD_CALLEE, thread, callee, 256) X(THREAD_ENDPOINT, thread, endpoint, 264) X(THREAD_OWNS, thread, owns, 272) \
    X(THREAD_BOUND, thread, bound, 288) X(THREAD_VCPU, thread, vcpu, 296) X(THREAD_DEADLINE, thread, deadline, 336) \
    X(THREAD_DEBTOR, thread, debtor, 376) X(THREAD_TIMER_WHEN, thread, timer.when, 384) X(THREAD_FPU_AREA, thread, fpu, 832) \
    X(SLOT_RIGHTS, slot, cap.rights, 1) X(SLOT_MASK, slot, cap.mask, 4) X(SLOT_INTERFACE, slot, cap.interface, 8) \
    X(SLOT_BADGE, slot, cap.badge, 16) X(SLOT_OBJECT, slot, cap.object, 24) X(ENDPOINT_SERVER, endpoint, server, 0) \
    X(ENDPOINT_HEAD, endpoint, queue.head, 16) X(SCHED_HOLDER, sched, holder, 16) X(SCHED_DEBT, sched, debt, 104) \
    X(NOTIF_HEAD, notif, queue.head, 8) X(NOTIF_BOUND, notif, bound, 24) X(VCPU_PAGE, vcpu, hvm.state, 16) \
    X(VCPU_FPU, vcpu, hvm.fpu, 128) X(VCPU_THREAD, vcpu, thread, 1088) X(VCPU_SPACE, vcpu, space, 1096) \
    X(VCPU_CAPTAB, vcpu, captab, 1104) X(VCPU_RUN_DEADLINE, vcpu, run_deadline, 1112) \
    X(VCPU_TSC_OFFSET, vcpu, hvm.tsc_offset, 120) X(SPACE_GENERATION, space, generation, 32)
/* clang-format on */
#define REGS_BYTES 176

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b /* SYSRET wants data before code: [APM2] 6.1.1 */
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#ifdef __ASSEMBLER__
#define ASM_SYMBOL(symbol, structure, member, offset) symbol = offset;
ASM_OFFSETS(ASM_SYMBOL)
#endif
