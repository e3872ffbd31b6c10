/* Code for threads that are not C: nothing is needed but the registers. */
#include "bulkhead/abi_asm.h"

    .text
/* Stops with #UD at once. */
    .globl code_ud
code_ud:
    ud2
/* For ever. */
    .globl code_spin
code_spin:
    jmp code_spin
/* code_fs(struct worker *): compares the word at fs:0 with argument[1] again and again, argument[0] times, and counts in progress (rbx);
 * stops with #UD. With argument[2] it also loads FS, DS, ES, GS with null and user selectors, as whoever wants to harm others would. */
    .globl code_fs
code_fs:
    movq 16(%rdi), %rcx
    movq 24(%rdi), %rdx
    movq 32(%rdi), %rsi
    xorl %ebx, %ebx
1:  testq %rsi, %rsi
    jnz 2f
    cmpq %fs:0, %rdx
    jne 3f
    incq %rbx
    decq %rcx
    jnz 1b
3:  ud2
2:  xorl %eax, %eax
    movw %ax, %fs
    movw %ax, %gs
    movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    incq %rbx
    decq %rcx
    jnz 2b
    ud2
/* code_sse(struct worker *): fills xmm0-xmm15, mxcsr and the x87 control word from argument[1], looks argument[0] times whether they are
 * still there (rbx counts), and stops with #UD. */
    .globl code_sse
code_sse:
    movq 16(%rdi), %rcx
    xorl %ebx, %ebx
    movq 24(%rdi), %xmm0
    movq %xmm0, %rdx
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqa %xmm0, %xmm\n
    .endr
    movl $0x9f80, %eax /* flush to zero: not what a thread begins with */
    movl %eax, -8(%rsp)
    ldmxcsr -8(%rsp)
    movw $0x27f, -8(%rsp)
    fldcw -8(%rsp)
1:  .irp n, 0, 7, 15
    movq %xmm\n, %rax
    cmpq %rax, %rdx
    jne 2f
    .endr
    stmxcsr -8(%rsp)
    cmpl $0x9f80, -8(%rsp)
    jne 2f
    fnstcw -8(%rsp)
    cmpw $0x27f, -8(%rsp)
    jne 2f
    incq %rbx
    decq %rcx
    jnz 1b
2:  ud2
/* code_sse_look(struct worker *): looks argument[0] times whether any register holds argument[1]; rbx counts until it does. */
    .globl code_sse_look
code_sse_look:
    movq 16(%rdi), %rcx
    movq 24(%rdi), %rdx
    xorl %ebx, %ebx
1:  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movq %xmm\n, %rax
    cmpq %rax, %rdx
    je 2f
    .endr
    stmxcsr -8(%rsp)
    cmpl $0x1f80, -8(%rsp)
    jne 2f
    incq %rbx
    decq %rcx
    jnz 1b
2:  ud2
    .section .note.GNU-stack, "", @progbits
