/* builder's header and first instructions (docs/architecture.md §3, "Builder's flat image"). The kernel starts
 * the thread with rdi = boot-info page and no stack. */
    .section .header, "a"
    .ascii "BHBUILD1"
    .quad builder_text_bytes
    .quad builder_data_bytes
    .quad builder_bss_bytes
    .quad _start
    .quad 0, 0, 0

    .text
    .globl _start
    .type _start, @function
_start:
    leaq builder_stack_top(%rip), %rsp
    xorl %ebp, %ebp             /* ends the chain of frames */
    cld
    call builder_main
    ud2                         /* builder_main does not return */
    .size _start, . - _start

    .section .bss.stack, "aw", @nobits
    .balign 16
    .skip 32768
builder_stack_top:

    .section .note.GNU-stack, "", @progbits
