/* AMD-Vi: the units, from the firmware's hands to blocking everything, and their command buffers. */
#include "hw/amdvi.h"
#include "base/panic.h"
#include "hw/dma.h"
#include "hw/iomem.h"
#include "hw/iommu.h"
#include "hw/ioapic.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/serial.h"
#include "hw/vectors.h"
#include "hw/x86.h"

enum { COMMANDS = 256, ENTRIES_256 = 8, WAIT_STORE = 1, SPINS_MAX = 10000000, FEATURE_ALL = 1 << 6 };
enum { MSI_ADDRESS = 0xfee00000, CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };
enum { CAPABILITIES = 0x34, CAPABILITY_MSI = 5, MSI_ENABLE = 1 << 16, MSI_WIDE = 1 << 23, CAPABILITIES_MAX = 48 };

struct amdvi amdvi;
static struct {
    struct amdvi_command command[AMDVI_UNITS][COMMANDS], event[AMDVI_UNITS][EVENTS];
    uint64_t done[AMDVI_UNITS]; /* what a unit wrote last */
} queues __attribute__((aligned(PAGE_BYTES)));

/* The device table is snooped, and so are page tables, whose entries say so (FC). */
void dma_write_back(const void *start, uint64_t bytes) { (void)start, (void)bytes; }

static void unit_invalidate(struct amdvi_unit *unit, const struct amdvi_command *commands, uint32_t count)
{
    const uint32_t number = (uint32_t)(unit - amdvi.unit);
    uint64_t *done = &queues.done[number];
    const struct amdvi_command wait = {(uint64_t)COMMAND_WAIT << 60 | image_to_phys(done).value | WAIT_STORE, ++unit->sequence};
    for (uint32_t i = 0; i <= count; i++) {
        queues.command[number][unit->tail] = i < count ? commands[i] : wait;
        unit->tail = (unit->tail + 1) % COMMANDS;
    }
    memory_fence();
    amdvi_write(unit, AMDVI_COMMAND_TAIL, unit->tail * sizeof wait);
    for (uint32_t spins = 0; *(volatile uint64_t *)done != unit->sequence; spins++)
        if (spins == SPINS_MAX) panic("AMD-Vi: an invalidation does not end");
}

void amdvi_invalidate(const struct amdvi_command *commands, uint32_t count)
{
    for (uint32_t i = 0; i < amdvi.units; i++) unit_invalidate(&amdvi.unit[i], commands, count);
}

static uint32_t config_read(uint16_t source, uint32_t at)
{
    out32(CONFIG_ADDRESS, 1u << 31 | (uint32_t)source << 8 | at);
    return in32(CONFIG_DATA);
}

static void config_write(uint16_t source, uint32_t at, uint32_t value)
{
    out32(CONFIG_ADDRESS, 1u << 31 | (uint32_t)source << 8 | at);
    out32(CONFIG_DATA, value);
}

/* The unit tells of events by a message of its own PCI function: [AMD-IOMMU-3.08] 3.7. */
static void unit_report(const struct amdvi_unit *unit, uint32_t apic_id)
{
    uint32_t at = config_read(unit->source, CAPABILITIES) & 0xfc, count = 0;
    while (at && (config_read(unit->source, at) & 0xff) != CAPABILITY_MSI && ++count < CAPABILITIES_MAX)
        at = config_read(unit->source, at) >> 8 & 0xfc;
    if (at == 0 || count == CAPABILITIES_MAX) panic("AMD-Vi: a unit has no message to send");
    const uint32_t control = config_read(unit->source, at), data = (control & MSI_WIDE) ? at + 12 : at + 8;
    config_write(unit->source, at + 4, MSI_ADDRESS | apic_id << 12);
    if (control & MSI_WIDE) config_write(unit->source, at + 8, 0);
    config_write(unit->source, data, VECTOR_IOMMU);
    config_write(unit->source, at, control | MSI_ENABLE);
}

/* From here on nothing gets through @unit: [AMD-IOMMU-3.08] 2.3. */
static void unit_start(struct amdvi_unit *unit)
{
    static const struct amdvi_command all = {(uint64_t)COMMAND_ALL << 60, 0};
    const uint32_t number = (uint32_t)(unit - amdvi.unit);
    unit->log = queues.event[number];
    queues.done[number] = 0;
    amdvi_write(unit, AMDVI_CONTROL, 0); /* what firmware had set up ends; what follows takes microseconds */
    amdvi_write(unit, AMDVI_DEVICES, amdvi_device_table());
    amdvi_write(unit, AMDVI_COMMANDS, image_to_phys(queues.command[number]).value | (uint64_t)ENTRIES_256 << 56);
    amdvi_write(unit, AMDVI_EVENTS, image_to_phys(unit->log).value | (uint64_t)ENTRIES_256 << 56);
    amdvi_write(unit, AMDVI_COMMAND_HEAD, 0);
    amdvi_write(unit, AMDVI_COMMAND_TAIL, 0);
    amdvi_write(unit, AMDVI_EVENT_HEAD, 0);
    amdvi_write(unit, AMDVI_EVENT_TAIL, 0);
    amdvi_write(unit, AMDVI_CONTROL, CONTROL_ON | CONTROL_LOG | CONTROL_TELL | CONTROL_COHERENT | CONTROL_COMMANDS);
    unit_invalidate(unit, &all, 1);
}

void iommu_init(const struct window *memory, struct boot *boot)
{
    const uint32_t apic_id = cpuid(1, 0).ebx >> 24; /* [SDM-2023-09] Vol 2A CPUID: the initial one; cpu->apic_id comes later */
    volatile uint8_t *ioapic = mmio_map((hpa_t){IOAPIC_BASE}, IOAPIC_BYTES);
    bool suffices = true;
    iomem_init(boot);
    mmio_write32(ioapic + IOAPIC_SELECT, IOAPIC_ID);
    ivrs_read(&amdvi, memory, boot->info.rsdp, mmio_read32(ioapic + IOAPIC_DATA) >> 24 & 15);
    for (uint32_t i = 0; i < amdvi.units; i++) {
        struct amdvi_unit *unit = &amdvi.unit[i];
        unit->registers = mmio_map((hpa_t){unit->base}, AMDVI_BYTES);
        for (uint32_t at = 0; at < AMDVI_BYTES; at += PAGE_BYTES) iomem_withhold(unit->base + at);
        if (!(amdvi_read(unit, AMDVI_FEATURES) & FEATURE_ALL))
            suffices = machine_lacks("invalidation of everything (AMD-Vi EFR.IASup)");
    }
    if (!suffices) panic("the machine lacks what the kernel needs");
    for (uint32_t i = 0; i < amdvi.units; i++) unit_start(&amdvi.unit[i]);
    amdvi_irq_init();
    for (uint32_t i = 0; i < amdvi.units; i++) unit_report(&amdvi.unit[i], apic_id);
    boot->info.iommu = 2;
    boot->info.msi_address = MSI_ADDRESS; /* the table's index is the data: [AMD-IOMMU-3.08] 2.2.5 */
    boot->info.msi_data_step = 1;
}
