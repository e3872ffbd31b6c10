/* Ways into the kernel (entry.S) and the one way out. */
#pragma once

#include "hw/boot.h"
#include "hw/hvm.h"

struct vcpu;

/* Assembly: load the registers and leave to user mode. */
NORETURN void leave_syscall(const struct registers *regs);
NORETURN void leave_interrupt(const struct registers *regs);

/* From assembly: a system call off the fast path (returns if the answer is rax alone); a trap from user mode; from the kernel; on a stack of its own
 * (true: it was a user's #DB, now in the current thread's registers). */
void entry_call(struct cpu *cpu);
/* From assembly: the guest of the current thread, which is IN_GUEST, has left. */
NORETURN void entry_guest_left(struct vcpu *vcpu, enum hvm_exit exit);
NORETURN void entry_trap(struct cpu *cpu);
void entry_trap_kernel(struct cpu *cpu, struct registers *regs);
bool entry_trap_ist(struct cpu *cpu, struct registers *regs);

/* Run what should run; the only way out of the kernel. */
NORETURN void entry_leave(struct cpu *cpu);

/* Make the first domain from the boot modules of @boot, which it completes; panics with the reason. */
void root_create(struct cpu *cpu, struct boot_info *boot);
