/* From the multiboot1 hand-over (32-bit, paging off) to guest_main() in 64-bit mode.
 * [Multiboot1] 3.1 header, 3.2 machine state; [APM2] 14.8 long-mode initialisation. */
    .set MULTIBOOT_MAGIC, 0x1badb002
    .set MULTIBOOT_FLAGS, 0x3               /* page-aligned modules, memory map */
    .set PAGE_USER_LARGE, 0x87              /* present, writable, user, 2 MiB */
    .set PAGE_USER_TABLE, 0x07
    .set STACK_BYTES, 65536

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .text
    .code32
    .globl _start
_start:
    cli
    cld
    mov $stack_top, %esp
    mov %ebx, multiboot_info
    /* Identity map of 4 GiB in 2 MiB pages, open to ring 3 as well: these guests protect nothing. */
    mov $page_map_level_4, %edi
    mov $(page_directory_pointers + PAGE_USER_TABLE), %eax
    mov %eax, (%edi)
    mov $(page_directories + PAGE_USER_TABLE), %eax
    mov $page_directory_pointers, %edi
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $4096, %eax
    add $8, %edi
    dec %ecx
    jnz 1b
    mov $page_directories, %edi
    mov $PAGE_USER_LARGE, %eax
    mov $2048, %ecx
2:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    dec %ecx
    jnz 2b
    mov $page_map_level_4, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x620, %eax                         /* PAE, OSFXSR, OSXMMEXCPT */
    mov %eax, %cr4
    mov $0xc0000080, %ecx                   /* EFER */
    rdmsr
    or $0x900, %eax                         /* LME, NXE */
    wrmsr
    mov %cr0, %eax
    and $0xfffffffb, %eax                   /* EM off */
    or $0x80000023, %eax                    /* PG, NE, MP, PE */
    mov %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    call guest_main
3:  cli
    hlt
    jmp 3b

    .section .rodata
    .align 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word 23
    .long boot_gdt

    .data
    .globl multiboot_info
multiboot_info:
    .quad 0

    .bss
    .align 4096
    .globl page_map_level_4
page_map_level_4:
    .skip 4096
page_directory_pointers:
    .skip 4096
page_directories:
    .skip 4 * 4096
stack:
    .skip STACK_BYTES
stack_top:
    .section .note.GNU-stack, "", @progbits
