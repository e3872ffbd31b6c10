/* From the loader's hand-over to the first domain. */
#include "base/panic.h"
#include "entry/entry.h"
#include "hw/apic.h"
#include "hw/barrier.h"
#include "hw/ioapic.h"
#include "hw/iommu.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/x86.h"
#include "hw/serial.h"

static struct boot boot;

NORETURN void kernel_main(uint32_t magic, uint32_t info);

/* What the core needs beside hardware virtualization and start.S's long mode, with which all these leaves come: a bit of EDX:ECX. */
static const struct {
    uint32_t leaf, bit;
    const char *name;
} required[] = {{0x80000001, 32 + 20, "no-execute pages (CPUID 8000_0001 EDX bit 20)"},
    {0x80000001, 32 + 26, "1 GiB pages (CPUID 8000_0001 EDX bit 26)"}, {1, 26, "XSAVE (CPUID 1 ECX bit 26)"}};

/* Name all that this machine lacks; false if that is anything. */
static bool processor_suffices(void)
{
    bool suffices = true;
    for (uint32_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        const struct cpuid has = cpuid(required[i].leaf, 0);
        if (!(((uint64_t)has.edx << 32 | has.ecx) >> required[i].bit & 1)) suffices = machine_lacks(required[i].name);
    }
    return suffices;
}

NORETURN void kernel_main(uint32_t magic, uint32_t info)
{
    struct cpu *cpu = &cpu_block[0];
    const struct window memory = {phys_to_ptr((hpa_t){0}), 4ull << 30}; /* what start.S has mapped */
    console_init();
    console_line("kernel starts", "");
    cpu_init(cpu, 0);
    const bool suffices = processor_suffices();
    if (suffices) {
        boot_read(&boot, &memory, magic, info, image_to_phys(kernel_end).value);
        paging_init(boot.memory_end);
        paging_init_cpu();
        cpu->cr3 = kernel_root().value;
        iommu_init(&memory, &boot);
        fpu_init_cpu(cpu);
        ioapic_init();
        apic_init(cpu);
    }
    if (!hvm_init_cpu(cpu) || !suffices) panic("the machine lacks what the kernel needs");
    barrier_init();
    root_create(cpu, &boot.info);
    entry_leave(cpu);
}
