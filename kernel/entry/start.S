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
    .global start
start:
    cli
    cld
    movl %eax, %edi              /* kernel_main's magic */
    movl %ebx, %esi              /* and info */
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode

    movl $0x20, %eax             /* PAE */
    movl %eax, %cr4
    movl $PHYSICAL(boot_root), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx       /* EFER: LME */
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl $0x80010031, %eax       /* PG, WP, NE, ET, PE; caches on */
    movl %eax, %cr0
    lgdt boot_gdt_register
    ljmp $8, $start64

/* Say on COM1 what is missing, and stop. */
no_long_mode:
    movl $missing_long_mode, %esi
1:  movl $0x3fd, %edx
    inb %dx, %al
    testb $0x20, %al
    jz 1b
    movl $0x3f8, %edx
    lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b

    .code64
start64:
    movq $boot_stack_top, %rsp
    movq $kernel_main, %rax
    call *%rax
    ud2

    .align 8
boot_gdt: .quad 0, 0x00209a0000000000   /* 64-bit code, ring 0 */
boot_gdt_register:
    .word 15
    .long boot_gdt
missing_long_mode: .asciz "bulkhead: FATAL: the machine lacks long mode (CPUID 8000_0001 EDX bit 29)\r\n"

/* 4 GiB in pages of 2 MiB, present and writable: one to one and at the direct map; the first GiB again at -2 GiB. */
    .data
    .align 4096
boot_root: .quad PHYSICAL(boot_pdpt) + 3
    .fill 255, 8, 0
    .quad PHYSICAL(boot_pdpt) + 3
    .fill 254, 8, 0
    .quad PHYSICAL(boot_pdpt) + 3
boot_pdpt:
    .quad PHYSICAL(boot_pd) + 0x0003, PHYSICAL(boot_pd) + 0x1003, PHYSICAL(boot_pd) + 0x2003, PHYSICAL(boot_pd) + 0x3003
    .fill 506, 8, 0
    .quad PHYSICAL(boot_pd) + 3, 0
boot_pd:
    .set page, 0
    .rept 4 * 512
    .quad page << 21 | 0x83
    .set page, page + 1
    .endr

    .section .bss.boot, "aw", @nobits
    .align 16
    .skip 8192
boot_stack_top:
