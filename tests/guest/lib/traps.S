/* One stub for each of the 256 vectors, 16 bytes apart, and the way out of a try. */
    .text
    .align 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .align 16
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    /* [APM2] 8.2: these push an error code themselves */
    .else
    push $0
    .endif
    push $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

trap_common:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call trap_dispatch
    mov %rbp, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

/* bool trap_try_raw(void (*body)(void *), void *context, uint64_t *stack): true if it trapped. */
    .globl trap_try_raw
trap_try_raw:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    mov %rsp, (%rdx)
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    xor %eax, %eax
    jmp 1f
    .globl trap_recovered
trap_recovered:                             /* rsp is what (%rdx) held */
    mov $1, %eax
1:  add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* void user_enter(void (*body)(void *), void *context, uint64_t user_stack): ring 3 until a trap ends it. */
    .globl user_enter
user_enter:
    push $0x23                              /* SEGMENT_USER_DATA | 3 */
    push %rdx
    push $0x2                               /* rflags: interrupts off */
    push $0x2b                              /* SEGMENT_USER_CODE | 3 */
    push %rdi
    mov %rsi, %rdi
    iretq

/* uint64_t compat_call(uint64_t rax, uint32_t entry): 32-bit code at @entry of the low 4 GiB in a compatibility-mode
 * segment at CPL 0; it ends with lret. Answers RAX. */
    .globl compat_call
compat_call:
    push %rbx
    mov %rdi, %rax
    mov %esi, compat_target
    lcall *compat_target
    pop %rbx
    ret

    .data
compat_target:
    .long 0
    .word 0x30                              /* SEGMENT_COMPAT_CODE */
    .section .note.GNU-stack, "", @progbits
