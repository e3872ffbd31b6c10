/* Stands where the stub has its SYSCALL: what arrives in a register leaves changed in a known way. */
    .text
    .globl echo
echo:
    mov %rax, seen_rax(%rip)
    add $1000, %rsi
    add $2000, %rdi
    add $1, %rbx
    add $2, %rbp
    add $3, %r12
    add $4, %r13
    add $5, %r14
    add $6, %r15
    add $7, %rdx
    add $8, %r8
    add $9, %r9
    add $10, %r10
    mov $-1, %rcx
    mov $-1, %r11
    mov $14, %eax
    ret

/* int keeps_registers(uint64_t rax, uint64_t rdi, struct message *message): calls `tested` and returns 14 if it did,
 * or 0 if a register that the caller owns was changed. */
    .globl keeps_registers
keeps_registers:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov $101, %ebx
    mov $102, %ebp
    mov $103, %r12d
    mov $104, %r13d
    mov $105, %r14d
    mov $106, %r15d
    mov %rsp, saved_rsp(%rip)
    call tested
    cmp %rsp, saved_rsp(%rip)
    jne 1f
    lea -101(%rbx), %rcx
    lea -102(%rbp), %rdx
    or %rdx, %rcx
    lea -103(%r12), %rdx
    or %rdx, %rcx
    lea -104(%r13), %rdx
    or %rdx, %rcx
    lea -105(%r14), %rdx
    or %rdx, %rcx
    lea -106(%r15), %rdx
    or %rdx, %rcx
    jz 2f
1:  xor %eax, %eax
    mov saved_rsp(%rip), %rsp
2:  pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .bss
    .globl seen_rax
seen_rax:
    .quad 0
saved_rsp:
    .quad 0
    .section .note.GNU-stack, "", @progbits
