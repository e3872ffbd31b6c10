/* Generated from idl/kernel.idl, idl/bench.idl, idl/tenant.idl by gen (docs/idl.md). Do not edit. For a guest's own code, 64-bit, ring 0. */
#ifdef __KERNEL__
#include <linux/linkage.h>
#define BEGIN(name) SYM_FUNC_START(name)
#define END(name) SYM_FUNC_END(name)
#define RETURN RET
#else
#define BEGIN(name) .globl name; .type name, @function; name:
#define END(name) .size name, . - name
#define RETURN ret
#endif

    .text
/* enum error hypercall_vmmcall(uint64_t rax, uint64_t rdi, struct message *message) */
BEGIN(hypercall_vmmcall)
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
    vmmcall
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
    RETURN
END(hypercall_vmmcall)

/* enum error hypercall_vmcall(uint64_t rax, uint64_t rdi, struct message *message) */
BEGIN(hypercall_vmcall)
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
    vmcall
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
    RETURN
END(hypercall_vmcall)

    .section .note.GNU-stack, "", @progbits
