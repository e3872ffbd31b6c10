/* Every way into the kernel and out of it. Interrupts are off throughout; docs/architecture.md 1 has the register form. */
#include "bulkhead/abi_asm.h"
#include "hw/cpu_asm.h"

#define BELOW(field) (field - REGS_BYTES) /* relative to the end of the current thread's registers */

    .text
    .code64

/* SYSCALL: rcx = RIP, r11 = RFLAGS. The message's words 0-5 stay in their registers through the fast path. */
    .globl syscall_entry
    .align 16
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    movq %gs:CPU_REGS_TOP, %rsp
    movq %rcx, BELOW(REGS_RIP)(%rsp)
    movq %r11, BELOW(REGS_RFLAGS)(%rsp)
    movq %rax, %rcx
    shrq $32, %rcx
    jz null_call
    movq %rdx, BELOW(REGS_RDX)(%rsp)
    movq %r8, BELOW(REGS_R8)(%rsp)
    movq %r9, BELOW(REGS_R9)(%rsp)
    movq %r10, BELOW(REGS_R10)(%rsp)
    movq %gs:CPU_SCRATCH, %rdx
    movq %rdx, BELOW(REGS_RSP)(%rsp)
    movq %rax, BELOW(REGS_RAX)(%rsp)
    movq %rdi, BELOW(REGS_RDI)(%rsp)
    movq %rsi, BELOW(REGS_RSI)(%rsp)
    cmpq $CALL_NOTIF_WAIT, %rcx
    ja run_call
    movq %gs:CPU_STACK, %rsp
    je wait_call
    movq %rbx, %rcx
    movq %rdi, %rdx
    movq %rax, %rdi
    call sys_fast
    cmpq $-4, %rax
    jae fast_other
fast_deliver: /* the current thread is now the one that receives: rax status, words 0-5, the rest from the processor's block */
    movq %gs:CPU_LABEL, %rsi
    movq %gs:CPU_BADGE, %rdi
    movq %rsi, %rcx
    shrl $8, %ecx
    andl $15, %ecx
    cmpl $6, %ecx
    jae words_high
    xorl %r15d, %r15d
    cmpl $5, %ecx
    jae words_done
    xorl %r14d, %r14d
    cmpl $4, %ecx
    jae words_done
    xorl %r13d, %r13d
    cmpl $3, %ecx
    jae words_done
    xorl %r12d, %r12d
    cmpl $2, %ecx
    jae words_done
    xorl %ebp, %ebp
    cmpl $1, %ecx
    jae words_done
    xorl %ebx, %ebx
words_done:
    xorl %edx, %edx
    xorl %r8d, %r8d
words_done_8:
    xorl %r9d, %r9d
    xorl %r10d, %r10d
fast_return:
    movq %gs:CPU_REGS_TOP, %rsp
    movq BELOW(REGS_RIP)(%rsp), %rcx
    movq BELOW(REGS_RFLAGS)(%rsp), %r11
    movq BELOW(REGS_RSP)(%rsp), %rsp
    swapgs
    sysretq
words_high: /* words 6-9 stand in the sender's registers */
    je words_done
    movq %gs:CPU_EXTRA, %r11
    movq REGS_RDX(%r11), %rdx
    xorl %r8d, %r8d
    cmpl $8, %ecx
    jb words_done_8
    movq REGS_R8(%r11), %r8
    je words_done_8
    xorl %r10d, %r10d
    movq REGS_R9(%r11), %r9
    cmpl $9, %ecx
    je fast_return
    movq REGS_R10(%r11), %r10
    jmp fast_return

/* leave_message(gpr) */
    .globl leave_message
leave_message:
    movq 8*3(%rdi), %rbx
    movq 8*5(%rdi), %rbp
    movq 8*12(%rdi), %r12
    movq 8*13(%rdi), %r13
    movq 8*14(%rdi), %r14
    movq 8*15(%rdi), %r15
    xorl %eax, %eax
    jmp fast_deliver

fast_other:
    ja slow_call /* FAST_NO; the others of sys.h do not come from sys_fast */
    /* FAST_GUEST: the answer's words go to the guest's registers, those beyond its length as zero. */
    movq %gs:CPU_GUEST_WORDS, %rdi
    movq %gs:CPU_LABEL, %rsi
    movl %esi, %ecx
    shrl $8, %ecx
    andl $15, %ecx
    xorl %eax, %eax
    cmpl $6, %ecx
    cmovbq %rax, %r15
    cmpl $5, %ecx
    cmovbq %rax, %r14
    cmpl $4, %ecx
    cmovbq %rax, %r13
    cmpl $3, %ecx
    cmovbq %rax, %r12
    cmpl $2, %ecx
    cmovbq %rax, %rbp
    cmpl $1, %ecx
    cmovbq %rax, %rbx
    movq %rax, (%rdi)
    movq %rax, 8*2(%rdi)
    movq %rbx, 8*3(%rdi)
    movq %rbp, 8*5(%rdi)
    movq %rsi, 8*6(%rdi)
    movq %rax, 8*7(%rdi)
    movq %rax, 8*8(%rdi)
    movq %rax, 8*9(%rdi)
    movq %rax, 8*10(%rdi)
    movq %r12, 8*12(%rdi)
    movq %r13, 8*13(%rdi)
    movq %r14, 8*14(%rdi)
    movq %r15, 8*15(%rdi)
    movq %gs:CPU_SELF, %rdi
    call entry_resume
    ud2

run_call: /* the C code keeps r12-r15 if it comes back; elsewhere they are taken from the thread's registers */
    cmpq $CALL_VCPU_RUN, %rcx
    jne slow_call
    movq %r12, BELOW(REGS_R12)(%rsp)
    movq %r13, BELOW(REGS_R13)(%rsp)
    movq %r14, BELOW(REGS_R14)(%rsp)
    movq %r15, BELOW(REGS_R15)(%rsp)
    movq %gs:CPU_STACK, %rsp
    movq %rdi, %rsi
    movq %rax, %rdi
    call sys_fast_run
    cmpq $-3, %rax
    jae 1f
    xorl %ebx, %ebx /* RUN_REASON_EXIT */
    xorl %ebp, %ebp
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %edx, %edx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    jmp fast_return
1:  movq %gs:CPU_GUEST_WORDS, %rdi
    je leave_message
    cmpq $-1, %rax
    je slow_call
    movq %gs:CPU_SELF, %rdi
    call entry_leave
    ud2

wait_call:
    movq %rax, %rdi
    call sys_fast_wait
    testq %rax, %rax
    jz slow_call
    movq %rax, %rbx
    xorl %eax, %eax
    xorl %ebp, %ebp
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    xorl %esi, %esi
    xorl %edi, %edi
    jmp words_done

null_call:
    movq BELOW(REGS_RIP)(%rsp), %rcx
    movq %gs:CPU_SCRATCH, %rsp
    xorl %eax, %eax
    swapgs
    sysretq

slow_call: /* from the fast path callee-saved registers are as they were */
    movq %gs:CPU_REGS_TOP, %rsp
    movq %r15, BELOW(REGS_R15)(%rsp)
    movq %r14, BELOW(REGS_R14)(%rsp)
    movq %r13, BELOW(REGS_R13)(%rsp)
    movq %r12, BELOW(REGS_R12)(%rsp)
    movq %rbp, BELOW(REGS_RBP)(%rsp)
    movq %rbx, BELOW(REGS_RBX)(%rsp)
    movq %gs:CPU_STACK, %rsp
    movq %gs:CPU_SELF, %rdi
    xorl %ebp, %ebp
    call entry_call
    ud2

/* leave_syscall(struct registers *): what SYSCALL does not keep is not restored. [SDM-2023-09] Vol 2B SYSRET:
 * RIP is canonical, for no page next to the hole can be mapped (obj/space.c). */
    .globl leave_syscall
leave_syscall:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %rax
    popq %rdi
    popq %rsi
    popq %rdx
    popq %r8
    popq %r9
    popq %r10
    movq (REGS_RIP - REGS_R11)(%rsp), %rcx
    movq (REGS_RFLAGS - REGS_R11)(%rsp), %r11
    movq (REGS_RSP - REGS_R11)(%rsp), %rsp
    swapgs
    sysretq

/* leave_interrupt(struct registers *): everything is restored. */
    .globl leave_interrupt
leave_interrupt:
    movq %rdi, %rsp
    call restore_all
    swapgs
    iretq

/* Pops all general registers and the vector and error words below the return address. */
restore_all:
    popq %gs:CPU_SCRATCH
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %rax
    popq %rdi
    popq %rsi
    popq %rdx
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %rcx
    addq $16, %rsp
    jmpq *%gs:CPU_SCRATCH

/* One stub per vector; those that push no error code get a zero: [SDM-2023-09] Vol 3A 6.13. */
    .altmacro
    .macro trap_stub vector
    .align 8
trap_\vector:
    .if (\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30)
    .else
    pushq $0
    .endif
    pushq $\vector
    .if (\vector == 1) || (\vector == 2) || (\vector == 8) || (\vector == 18)
    jmp ist_common
    .else
    jmp trap_common
    .endif
    .endm
    .macro trap_address vector
    .quad trap_\vector
    .endm

    .macro save_all
    pushq %rcx
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rax
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .endm

/* From user mode the frame is the current thread's registers (TSS.rsp0); from the kernel it is on the kernel's stack. */
    .align 16
trap_common:
    cld
    testb $3, 24(%rsp)
    jz trap_kernel_mode
    swapgs
    save_all
    movq %gs:CPU_STACK, %rsp
    movq %gs:CPU_SELF, %rdi
    xorl %ebp, %ebp
    call entry_trap
    ud2
trap_kernel_mode: /* the kernel opened a window, or is broken */
    save_all
    movq %rsp, %rsi
    movq %gs:CPU_SELF, %rdi
    call entry_trap_kernel
    call restore_all
    iretq

/* #DB, NMI, #DF, #MC on stacks of their own. Where they struck is not trusted: GS is judged by its base
 * (the kernel's blocks stand in the upper half), never by CS. */
    .align 16
ist_common:
    cld
    save_all
    movl $0xc0000101, %ecx
    rdmsr
    xorl %ebx, %ebx
    testl %edx, %edx
    js 1f
    swapgs
    movl $1, %ebx
1:  movq %rsp, %rsi
    movq %gs:CPU_SELF, %rdi
    movq %gs:CPU_SCRATCH, %r12 /* an entry may have been using it */
    call entry_trap_ist
    testl %eax, %eax
    jnz 3f
    movq %r12, %gs:CPU_SCRATCH
    testl %ebx, %ebx
    jz 2f
    swapgs
2:  popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %rax
    popq %rdi
    popq %rsi
    popq %rdx
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %rcx
    addq $16, %rsp
    iretq
3:  movq %gs:CPU_STACK, %rsp /* a thread's #DB: its registers were copied, go on as for any trap */
    movq %gs:CPU_SELF, %rdi
    xorl %ebp, %ebp
    call entry_trap
    ud2

    .set vector, 0
    .rept 256
    trap_stub %vector
    .set vector, vector + 1
    .endr

    .section .rodata
    .align 8
    .globl trap_entries
trap_entries:
    .set vector, 0
    .rept 256
    trap_address %vector
    .set vector, vector + 1
    .endr
    .section .note.GNU-stack, "", @progbits
