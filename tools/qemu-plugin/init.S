/* The init of the boot benchmark: executes the marker that count.c waits for, then powers off. */
    .globl _start
    .text
_start:
    nopl 0x4e494842(%rax,%rax,1)
    mov $0xfee1dead, %edi       /* reboot(LINUX_REBOOT_MAGIC1, MAGIC2, CMD_POWER_OFF) */
    mov $672274793, %esi
    mov $0x4321fedc, %edx
    mov $169, %eax
    syscall
1:  jmp 1b
    .section .note.GNU-stack, "", @progbits
