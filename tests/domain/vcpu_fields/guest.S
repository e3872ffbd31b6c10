/* The guest's code and the two threads that watch extended state and FS base while it runs. Copied to guest memory as it stands. */
#include "bulkhead/abi_asm.h"
#include "guest_layout.h"

    .macro blob name
    .globl \name, \name\()_end
\name:
    .endm
    .macro read_msr number, to
    movl $\number, %ecx
    rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, \to
    .endm

    .section .rodata
/* 64-bit, ring 0. Three CPUIDs show what the guest sees of what its VMM wrote; then it spoils the FPU, and SYSCALL goes to LSTAR. */
    .balign 16
blob guest_long
    .code64
    movq %cr0, %r8
    movq %cr2, %r9
    movq %cr3, %r10
    movq %cr4, %r11
    movq %cr8, %r12
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, %r13
    xorl %ecx, %ecx
    xgetbv
    movl %eax, %r14d
    cpuid
    movq %dr0, %r8
    movq %dr1, %r9
    movq %dr2, %r10
    movq %dr3, %r11
    movq %dr6, %r12
    movq %dr7, %r13
    read_msr 0xc0000100, %r14
    read_msr 0xc0000101, %r15
    read_msr 0xc0000102, %rbx
    cpuid
    read_msr 0xc0000081, %r8
    read_msr 0xc0000082, %r9
    read_msr 0xc0000083, %r10
    read_msr 0xc0000084, %r11
    read_msr 0x174, %r12
    read_msr 0x175, %r13
    read_msr 0x176, %r14
    cpuid
    movq $-1, %rax
    movq %rax, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqa %xmm0, %xmm\n
    .endr
    fninit
    fldz
    pushq $0x7f80
    ldmxcsr (%rsp)
    popq %rax
    syscall
    ud2
guest_long_end:

/* 64-bit: a hypercall with what stands in the registers, then stop. */
blob guest_vmmcall
    vmmcall
    hlt
    jmp guest_vmmcall
guest_vmmcall_end:
blob guest_vmcall
    vmcall
    hlt
    jmp guest_vmcall
guest_vmcall_end:

/* 32-bit without paging. */
blob guest_protected
    .code32
    movl %cr0, %ebx
    pushl %ebx
    popl %ebx
    cpuid
    movl %cs:GUEST_STUBS, %eax
    movl %fs:GUEST_STUBS, %eax
    cpuid
    sysenter
    ud2
guest_protected_end:

/* Real mode. */
blob guest_real
    .code16
    pushw %cs
    popw %ax
    cpuid
    movl %cr0, %eax
    cpuid
    int $0x40
    ud2
guest_real_end:

/* Where every vector, SYSCALL and SYSENTER of the guest end, at any width: HLT, then a loop that only a deadline leaves. */
blob guest_stub
    .code64
    hlt
1:  jmp 1b
    .balign 16, 0x90
guest_stub_end:

    .text
    .code64
/* code_extended(struct worker *): all of YMM (or XMM, without AVX in argument[2]), the control words and XCR0 stay what this thread made them,
 * or it stops with #UD. rbx counts. */
    .globl code_extended
code_extended:
    movq 24(%rdi), %rdx
    movq 32(%rdi), %rsi
    xorl %ebx, %ebx
    movq %rdx, %xmm0
    punpcklqdq %xmm0, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqa %xmm0, %xmm\n
    .endr
    testq %rsi, %rsi
    jz 1f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vinsertf128 $1, %xmm0, %ymm\n, %ymm\n
    .endr
1:  movl $0x9f80, -8(%rsp)
    ldmxcsr -8(%rsp)
    movw $0x27f, -8(%rsp)
    fldcw -8(%rsp)
    movl %edx, %r9d
    xorl %ecx, %ecx
    xgetbv
    movl %eax, %r8d
2:  .irp n, 0, 7, 15
    movq %xmm\n, %rax
    cmpq %rax, 24(%rdi)
    jne 3f
    .endr
    testq %rsi, %rsi
    jz 4f
    .irp n, 1, 8, 15
    vmovdqu %ymm\n, -64(%rsp)
    movq -40(%rsp), %rax
    cmpq %rax, 24(%rdi)
    jne 3f
    .endr
4:  stmxcsr -8(%rsp)
    cmpl $0x9f80, -8(%rsp)
    jne 3f
    fnstcw -8(%rsp)
    cmpw $0x27f, -8(%rsp)
    jne 3f
    xorl %ecx, %ecx
    xgetbv
    cmpl %eax, %r8d
    jne 3f
    incq %rbx
    jmp 2b
3:  ud2
    .section .note.GNU-stack, "", @progbits
