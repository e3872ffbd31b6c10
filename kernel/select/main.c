/* On the machine, in the 32-bit state that the loader left: no paging, no interrupts, flat segments. [MB2] 3.3 */
#include <cpuid.h>

#include "select.h"

/* 16550 of COM1, [PC16550D] 8.0; the loader has set it up: tools/bulkhead/grub.py. */
enum { UART_DATA = 0x3f8, UART_STATUS = 0x3fd, UART_EMPTY = 0x20 };

_Noreturn void select_main(uint32_t magic, uint32_t info);

static void say(const char *text)
{
    for (; *text; text++) {
        uint8_t status = 0;
        /* Bounded: an absent port must not hang the boot. */
        for (uint32_t tries = 0; tries < 100000 && !(status & UART_EMPTY); tries++)
            __asm__ volatile("inb %1, %0" : "=a"(status) : "d"((uint16_t)UART_STATUS));
        __asm__ volatile("outb %0, %1" : : "a"(*text), "d"((uint16_t)UART_DATA));
    }
}

static void say_kind(const char *before, uint32_t cpu, uint32_t iommu)
{
    say(before);
    say(cpu_name[cpu]);
    say(" iommu=");
    say(iommu_name[iommu]);
}

static _Noreturn void refuse(const char *reason)
{
    say(reason);
    say("\r\n");
    while (true) __asm__ volatile("cli; hlt");
}

/* SVM: [APM3] E.4.2, ECX bit 2. VMX: [SDM-2023-09] Vol 3C 24.6, ECX bit 5. */
static uint32_t cpu_find(void)
{
    uint32_t a, b, c, d;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & 1u << 2)) return CPU_SVM;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 5) ? CPU_VMX : CPU_NONE;
}

_Noreturn void select_main(uint32_t magic, uint32_t info)
{
    const struct memory memory = {NULL, 1ull << 32};
    struct selection s;
    const char *reason = select_read(&s, &memory, magic, info);
    const uint32_t cpu = cpu_find();
    const struct image *image = select_choose(&s, cpu);
    say(reason || !image ? "bulkhead: FATAL: " : "bulkhead: ");
    if (reason) refuse(reason);
    say_kind("the machine has cpu=", cpu, s.iommu);
    for (uint32_t i = 0; i < s.count; i++)
        say_kind(i ? ", cpu=" : "; the image carries kernels for cpu=", s.image[i].cpu, s.image[i].iommu);
    if (!image) refuse("; none of them fits");
    say_kind("; taken is cpu=", image->cpu, image->iommu);
    say("\r\n");
    reason = select_check(&s, &memory, image);
    if (reason) say("bulkhead: FATAL: "), refuse(reason);
    select_commit(&s, &memory, image);
    __asm__ volatile("jmp *%0" : : "r"(s.entry), "a"(LOADER_MAGIC), "b"(info) : "memory");
    __builtin_unreachable();
}
