/* Code for threads that are not C: nothing is needed but the registers. */
#include "bulkhead/abi_asm.h"

    .text
/* Stops with #UD at once. */
    .globl code_ud
code_ud:
    ud2
/* For ever. */
    .globl code_spin
code_spin:
    jmp code_spin
    .section .note.GNU-stack, "", @progbits
