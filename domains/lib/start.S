/* The first instructions of every thread of a domain (docs/architecture.md §3): rdi = domain info page,
 * rsi = thread index, rsp = top of this thread's own stack, set by builder. */
    .text
    .globl _start
    .type _start, @function
_start:
    xorl %ebp, %ebp             /* ends the chain of frames, for post-mortems */
    andq $-16, %rsp             /* [SysV-ABI] 3.2.2: aligned before the call */
    cld
    call domain_start
    ud2                         /* domain_start does not return */
    .size _start, . - _start
    .section .note.GNU-stack, "", @progbits
