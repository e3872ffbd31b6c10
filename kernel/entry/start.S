/* From the boot loader's 32-bit protected mode to kernel_main in the high half.
 * [MB1] 3.1-3.2, [MB2] 3.1-3.3; long mode: [SDM-2023-09] Vol 3A 10.8.5. */
#define KERNEL_VIRTUAL 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - KERNEL_VIRTUAL)

    .section .multiboot, "a"
    .align 8
    .long 0x1badb002, 3, -(0x1badb002 + 3)   /* page-aligned modules, memory map */

    .align 8
multiboot2:
    .long 0xe85250d6, 0, multiboot2_end - multiboot2, -(0xe85250d6 + (multiboot2_end - multiboot2))
    .long 1, 16, 3, 6            /* information request: modules, memory map */
    .long 6, 8                   /* page-aligned modules */
    .long 0, 8
multiboot2_end:

    .section .boot, "ax"
    .code32
    /* Bit @bit of edx, or the refusal that names @missing. */
    .macro require bit, missing
    movl $\missing, %ebp
    btl $\bit, %edx
    jnc refuse
    .endm

    .global start
start:
    cli
    cld
    movl %eax, %edi              /* kernel_main's magic */
    movl %ebx, %esi              /* and info */

    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    movl $0, %edx
    jb 1f
    movl $0x80000001, %eax
    cpuid
1:  require 29, missing_long_mode
    require 20, missing_nx
    require 26, missing_pdpe1gb

    /* 512 GiB, one to one, seen at 0 and at the direct map; the first GiB again at -2 GiB. */
    xorl %ecx, %ecx
1:  movl %ecx, %eax
    shll $30, %eax
    orl $0x83, %eax              /* present, writable, 1 GiB */
    movl %eax, PHYSICAL(boot_low)(, %ecx, 8)
    movl %ecx, %eax
    shrl $2, %eax
    movl %eax, PHYSICAL(boot_low) + 4(, %ecx, 8)
    incl %ecx
    cmpl $512, %ecx
    jb 1b
    movl $0x83, PHYSICAL(boot_high) + 510 * 8
    movl $PHYSICAL(boot_low) + 3, PHYSICAL(boot_root)
    movl $PHYSICAL(boot_low) + 3, PHYSICAL(boot_root) + 256 * 8
    movl $PHYSICAL(boot_high) + 3, PHYSICAL(boot_root) + 511 * 8

    movl %cr4, %eax
    orl $0x20, %eax              /* PAE */
    movl %eax, %cr4
    movl $PHYSICAL(boot_root), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx       /* EFER: LME, NXE */
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl %cr0, %eax
    andl $~0x60000000, %eax      /* caches on */
    orl $0x80010001, %eax        /* PG, WP, PE */
    movl %eax, %cr0
    lgdt boot_gdt_register
    ljmp $8, $start64

/* Say on COM1 what is missing (string at ebp), and stop. */
refuse:
    movl $0x3fd, %edx
    inb %dx, %al
    testb $0x20, %al
    jz refuse
    movl $0x3f8, %edx
    movb (%ebp), %al
    testb %al, %al
    jz 1f
    outb %al, %dx
    incl %ebp
    jmp refuse
1:  hlt
    jmp 1b

    .code64
start64:
    xorl %eax, %eax
    .irp segment, ds, es, ss, fs, gs
    movl %eax, %\segment
    .endr
    movq $boot_stack_top, %rsp
    xorl %ebp, %ebp
    movl %edi, %edi
    movl %esi, %esi
    movq $kernel_main, %rax
    call *%rax
    ud2

    .align 8
boot_gdt: .quad 0, 0x00209a0000000000   /* 64-bit code, ring 0 */
boot_gdt_register:
    .word 15
    .long boot_gdt
missing_long_mode: .asciz "bulkhead: FATAL: the processor lacks long mode\r\n"
missing_nx: .asciz "bulkhead: FATAL: the processor lacks no-execute pages (NX)\r\n"
missing_pdpe1gb: .asciz "bulkhead: FATAL: the processor lacks 1 GiB pages (pdpe1gb)\r\n"

    .section .bss.boot, "aw", @nobits
    .align 4096
boot_root: .skip 4096
boot_low: .skip 4096
boot_high: .skip 4096
    .skip 8192
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
