/* From the loader to select_main. [MB2] 3.1, 3.3 */
    .section .multiboot, "a"
    .align 8
header:
    .long 0xe85250d6, 0, header_end - header, -(0xe85250d6 + (header_end - header))
    .long 1, 16, 3, 6            /* information request: modules, memory map */
    .long 6, 8                   /* page-aligned modules */
    .long 0, 8
header_end:

    .section .text.start, "ax"
    .global start
start:
    cli
    cld
    movl $stack_top, %esp
    xorl %ebp, %ebp
    pushl %ebx
    pushl %eax
    call select_main
    ud2

    .section .bss.stack, "aw", @nobits
    .align 16
    .skip 4096
stack_top:
