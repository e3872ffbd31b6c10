/* From the loader's hand-over to the first domain. */
#include "base/panic.h"
#include "entry/entry.h"
#include "hw/acpi.h"
#include "hw/apic.h"
#include "hw/barrier.h"
#include "hw/cpu.h"
#include "hw/fpu.h"
#include "hw/hvm.h"
#include "hw/ioapic.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/x86.h"
#include "hw/serial.h"

static struct boot boot;
static struct acpi acpi;

NORETURN void kernel_main(uint32_t magic, uint64_t info);

static void interrupts_init(struct cpu *cpu)
{
    /* Firmware's tables may stand above usable memory, but below 4 GiB or its end: what the direct map spans. */
    const uint64_t mapped = boot.memory_end > 4ull << 30 ? boot.memory_end : 4ull << 30;
    const struct window memory = {phys_to_ptr((hpa_t){0}), mapped};
    const char *reason = acpi_read(&acpi, &memory, boot.info.rsdp);
    if (reason) panic(reason);
    ioapic_init(&acpi);
    apic_init(acpi.lapic);
    apic_init_cpu(cpu);
}

NORETURN void kernel_main(uint32_t magic, uint64_t info)
{
    struct cpu *cpu = &cpu_block[0];
    console_init();
    console_line("kernel starts", "");
    cpu_init(cpu, 0);
    boot_parse(&boot, magic, info);
    paging_init(boot.memory_end);
    paging_init_cpu();
    cpu->cr3 = kernel_root().value;
    fpu_init_cpu(cpu);
    interrupts_init(cpu);
    const char *missing = hvm_init_cpu(cpu);
    if (missing) {
        console_line("the machine lacks ", missing);
        panic("no hardware virtualization");
    }
    barrier_init();
    if (barriers_any) wrmsr(MSR_LSTAR, (uint64_t)syscall_entry_slow);
    root_create(cpu, &boot.info);
    console_on(false);
    entry_leave(cpu);
}
