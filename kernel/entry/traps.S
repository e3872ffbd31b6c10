/* Exceptions, NMIs and interrupts: from the vector to C and back. Interrupts are off throughout. */
#include "hw/cpu_asm.h"
#include "hw/macros.h"

    .macro save_all
    push_all rcx, r11, rsi, rdi, rax, r10, r9, r8, rdx, r15, r14, r13, r12, rbp, rbx
    .endm
    .macro restore_all /* and drop the vector and error words */
    pop_all rbx, rbp, r12, r13, r14, r15, rdx, r8, r9, r10, rax, rdi, rsi, r11, rcx
    addq $16, %rsp
    .endm

/* leave_interrupt(struct registers *): everything is restored. */
    .globl leave_interrupt
leave_interrupt:
    movq %rdi, %rsp
    restore_all
    swapgs
    iretq

/* One stub per vector, 16 bytes each; those that push no error code get a zero: [SDM-2023-09] Vol 3A 6.13. */
    .altmacro
    .macro trap_stub vector
    .align 16
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
/* From user mode the frame is the current thread's registers (TSS.rsp0); from the kernel it is on the kernel's stack. */
    .align 16
trap_common:
    cld
    testb $3, 24(%rsp)
    jz trap_kernel_mode
    swapgs
    save_all
trap_thread:
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
    restore_all
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
    jnz trap_thread /* its #DB: the registers were copied, go on as for any trap */
    movq %r12, %gs:CPU_SCRATCH
    testl %ebx, %ebx
    jz 2f
    swapgs
2:  restore_all
    iretq

    .align 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 0x60 /* VECTORS */
    trap_stub %vector
    .set vector, vector + 1
    .endr
