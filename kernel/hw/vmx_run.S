/* World switch: [SDM-2023-09] Vol 3C 25.5, 27, 28.5. Offsets of struct hvm are asserted in tests/unit/entry/offsets.c. */
#include "hw/macros.h"

#define HVM_STATE 16
#define HVM_LAUNCHED 68
#define HOST_RSP 0x6c14

/* enum hvm_exit hvm_run(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
 * Guest GPRs stand in hardware order at the start of the shared page; RSP travels in the VMCS. */
    .globl hvm_run
    .type hvm_run, @function
hvm_run:
    push_all rbx, rbp, r12, r13, r14, r15
    call hvm_run_bare
    pop_all r15, r14, r13, r12, rbp, rbx
    ret

/* The same for assembly that needs none of its registers afterwards. */
    .globl hvm_run_bare
    .type hvm_run_bare, @function
hvm_run_bare:
    push %rsi
    call vmx_prepare
    mov (%rsp), %rsi
    mov $HOST_RSP, %eax
    vmwrite %rsp, %rax
    cmpb $0, HVM_LAUNCHED(%rsi)
    mov HVM_STATE(%rsi), %rdi
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    mov 8*\n(%rdi), %r\n
    .endr
    mov (%rdi), %rax
    mov 8(%rdi), %rcx
    mov 16(%rdi), %rdx
    mov 24(%rdi), %rbx
    mov 40(%rdi), %rbp
    mov 48(%rdi), %rsi
    mov 56(%rdi), %rdi
    jne 1f
    vmlaunch
    pop %rdi
    jmp vmx_refused
1:  vmresume
    pop %rdi
    jmp vmx_refused

    .globl vmx_exit
vmx_exit:
    push %rdi
    mov 8(%rsp), %rdi
    mov HVM_STATE(%rdi), %rdi
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    mov %r\n, 8*\n(%rdi)
    .endr
    mov %rax, (%rdi)
    mov %rcx, 8(%rdi)
    mov %rdx, 16(%rdi)
    mov %rbx, 24(%rdi)
    mov %rbp, 40(%rdi)
    mov %rsi, 48(%rdi)
    pop 56(%rdi)
    pop %rdi
    jmp vmx_finish
