/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */

/* enum error ipc_invoke(uint64_t rax, uint64_t rdi, struct message *message) */
    .section .text.ipc_invoke, "ax", @progbits
    .globl ipc_invoke
    .type ipc_invoke, @function
ipc_invoke:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rcx
    mov 0(%rcx), %rsi
    mov 16(%rcx), %rbx
    mov 24(%rcx), %rbp
    mov 32(%rcx), %r12
    mov 40(%rcx), %r13
    mov 48(%rcx), %r14
    mov 56(%rcx), %r15
    mov 64(%rcx), %rdx
    mov 72(%rcx), %r8
    mov 80(%rcx), %r9
    mov 88(%rcx), %r10
    syscall
    pop %rcx
    mov %rsi, 0(%rcx)
    mov %rdi, 8(%rcx)
    mov %rbx, 16(%rcx)
    mov %rbp, 24(%rcx)
    mov %r12, 32(%rcx)
    mov %r13, 40(%rcx)
    mov %r14, 48(%rcx)
    mov %r15, 56(%rcx)
    mov %rdx, 64(%rcx)
    mov %r8, 72(%rcx)
    mov %r9, 80(%rcx)
    mov %r10, 88(%rcx)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size ipc_invoke, . - ipc_invoke

/* enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word): words that a call does not have must be zero */
    .section .text.ipc_brief, "ax", @progbits
    .globl ipc_brief
    .type ipc_brief, @function
ipc_brief:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx
    mov %rdi, %rax
    mov %rsi, %rdi
    mov (%rdx), %rbx
    xor %esi, %esi
    xor %ebp, %ebp
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    xor %edx, %edx
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    syscall
    pop %rdx
    mov %rbx, (%rdx)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size ipc_brief, . - ipc_brief

    .section .note.GNU-stack, "", @progbits
