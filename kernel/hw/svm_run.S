/* World switch: [APM2] 15.5 VMRUN, 15.17 GIF. Offsets of struct hvm are asserted in tests/unit/entry/offsets.c. */
#include "hw/macros.h"

#define HVM_CONTROL_PA 8
#define HVM_STATE 16
#define HVM_HOST_STATE 24

/* enum hvm_exit hvm_run(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
 * Guest GPRs stand in hardware order at the start of the shared page; rax and rsp travel in the VMCB. While GIF is clear
 * nothing arrives, for FS, GS and the SYSCALL registers are the guest's. The host's IF is set for VMRUN: under
 * V_INTR_MASKING it decides whether physical interrupts end the run. */
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
    call svm_prepare
    mov (%rsp), %rsi
    clgi
    mov HVM_HOST_STATE(%rsi), %rax
    vmsave %rax
    mov HVM_STATE(%rsi), %rdi
    mov HVM_CONTROL_PA(%rsi), %rax
    vmload %rax
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    mov 8*\n(%rdi), %r\n
    .endr
    mov 8(%rdi), %rcx
    mov 16(%rdi), %rdx
    mov 24(%rdi), %rbx
    mov 40(%rdi), %rbp
    mov 48(%rdi), %rsi
    mov 56(%rdi), %rdi
    sti
    nop                                     /* ends the shadow of STI, which TCG would hand to the guest */
    vmrun %rax
    cli
    vmsave %rax
    push %rdi
    mov 8(%rsp), %rdi
    mov HVM_HOST_STATE(%rdi), %rax
    vmload %rax
    stgi
    mov HVM_STATE(%rdi), %rdi
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    mov %r\n, 8*\n(%rdi)
    .endr
    mov %rcx, 8(%rdi)
    mov %rdx, 16(%rdi)
    mov %rbx, 24(%rdi)
    mov %rbp, 40(%rdi)
    mov %rsi, 48(%rdi)
    pop 56(%rdi)
    pop %rdi
    jmp svm_finish
