/* hw/barrier.h barrier_run: the barriers that barrier_init found. */
#include "hw/cpu_asm.h"

#define BARRIER_IBPB 1
#define BARRIER_RETURNS 2
#define BARRIER_VERW 4
#define MSR_PRED_CMD 0x49 /* bit 0 IBPB: [SDM-2023-09] Vol 4 table 2-2 */

    .globl barrier_run
    .type barrier_run, @function
barrier_run:
    testb $BARRIER_IBPB, barriers(%rip)
    jz 3f
    movl $MSR_PRED_CMD, %ecx
    movl $1, %eax
    xorl %edx, %edx
    wrmsr
    cmpb $BARRIER_IBPB, barriers(%rip)
    je 4f
    testb $BARRIER_RETURNS, barriers(%rip)
    jz 3f
    .rept 32 /* as many return addresses as a return stack holds, each leads to a trap */
    call 1f
    int3
1:
    .endr
    addq $32 * 8, %rsp
3:  testb $BARRIER_VERW, barriers(%rip)
    jz 4f
    verw data_selector(%rip) /* wants a writable data segment */
4:  ret

    .section .rodata
data_selector: .word SELECTOR_KERNEL_DATA
