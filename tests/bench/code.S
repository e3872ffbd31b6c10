/* Code for threads in spaces of their own: position-independent, without stack. Slot 1 is the endpoint or notification. */
#include "bulkhead/abi_asm.h"

#define TARGET(call) $((call) << 32 | 1)

    .text
    .macro blob name
    .globl \name, \name\()_end
\name:
    .endm

/* Answer every call with as many words as came. */
blob bench_echo
    movabsq TARGET(CALL_ENDPOINT_WAIT), %rax
    movq $-1, %rdi
    xorl %esi, %esi
    syscall
1:  movabsq TARGET(CALL_ENDPOINT_REPLY_WAIT), %rax
    movq $-1, %rdi
    andl $0xf00, %esi
    syscall
    jmp 1b
bench_echo_end:

/* Wait again and again for a signal. */
blob bench_waiter
1:  movabsq TARGET(CALL_NOTIF_WAIT), %rax
    movq $-1, %rdi
    xorl %esi, %esi
    syscall
    jmp 1b
bench_waiter_end:

/* Call once, until the deadline in rdi: nobody answers. */
blob bench_caller
    movabsq TARGET(CALL_ENDPOINT_CALL), %rax
    movl $(41 << 16), %esi
    syscall
1:  jmp 1b
bench_caller_end:

/* uint64_t bench_call(uint64_t rax, uint64_t deadline, uint64_t label): ticks of one call, all words zero. */
    .globl bench_call
bench_call:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rdx, %r9
    xchgq %rsi, %rdi
    movq %rdi, %r8
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    pushq %rax
    movq %rsi, %rax
    movq %r8, %rdi
    movq %r9, %rsi
    movl $1, %ebx
    xorl %edx, %edx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    syscall
bench_called:
    movq %rax, %rcx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    popq %rdx
    subq %rdx, %rax
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    testq %rcx, %rcx
    jz 1f
    movq $-1, %rax
1:  ret

/* uint64_t bench_words(uint64_t rax, const uint64_t words[10]): ticks of one call with all ten words loaded; -1 if it was refused. */
    .globl bench_words
bench_words:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    pushq %rax
    movq %rsi, %rcx
    movq %rdi, %rax
    movq (%rcx), %rbx
    movq 8(%rcx), %rbp
    movq 16(%rcx), %r12
    movq 24(%rcx), %r13
    movq 32(%rcx), %r14
    movq 40(%rcx), %r15
    movq 48(%rcx), %rdx
    movq 56(%rcx), %r8
    movq 64(%rcx), %r9
    movq 72(%rcx), %r10
    xorl %edi, %edi
    xorl %esi, %esi
    syscall
    jmp bench_called

/* uint64_t bench_empty(void): ticks of the measurement itself. */
    .globl bench_empty
bench_empty:
    movq %rdx, %r9
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    pushq %rax
    movq %rax, %rcx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    popq %rdx
    subq %rdx, %rax
    ret
    .section .note.GNU-stack, "", @progbits
