/* VT-d: the units, from the firmware's hands to blocking everything, and their invalidation queues. */
#include "hw/vtd.h"
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

/* Bits of GCMD and GSTS: [VT-d-4.1] 11.4.4. Those of STICKY stand; the others act once. */
enum { COMMAND_ROOT = 1 << 30, COMMAND_QUEUE = 1 << 26, COMMAND_INTERRUPTS = 1 << 25, COMMAND_INTERRUPT_TABLE = 1 << 24 };
enum { COMMAND_COMPATIBILITY = 1 << 23 };
#define COMMAND_TRANSLATE (1u << 31)
#define COMMAND_STICKY (COMMAND_TRANSLATE | 1u << 28 | COMMAND_QUEUE | COMMAND_INTERRUPTS | COMMAND_COMPATIBILITY)

enum { ECAP_COHERENT = 1 << 0, QUEUE_ENTRIES = 256, WAIT_STATUS = 1 << 5, SPINS_MAX = 10000000, LINE_BYTES = 64 };
enum { MSI_ADDRESS = 0xfee00000, PROTECTED = 1u << 31, PROTECTED_STATUS = 1 << 0 };

struct vtd vtd;
static struct {
    struct vtd_request request[VTD_UNITS][QUEUE_ENTRIES];
    uint32_t done[VTD_UNITS]; /* what a unit wrote last */
} queues __attribute__((aligned(PAGE_BYTES)));

/* What every unit must have: bits @mask of CAP or ECAP, shifted down, are @at_least: [VT-d-4.1] 11.4.2, 11.4.3. */
static const struct {
    uint32_t at, shift;
    uint64_t mask, at_least, at_most;
    const char *name;
} needed[] = {{VTD_CAP, 0, 7, 1, 7, "domain numbers of six bits (VT-d CAP.ND)"},
    {VTD_CAP, 4, 1, 0, 0, "tables without a write buffer before them (VT-d CAP.RWBF)"},
    {VTD_CAP, 10, 1, 1, 1, "four-level tables (VT-d CAP.SAGAW)"}, {VTD_CAP, 16, 63, 47, 63, "48-bit DMA addresses (VT-d CAP.MGAW)"},
    {VTD_CAP, 34, 1, 1, 1, "2 MiB pages (VT-d CAP.SSLPS)"}, {VTD_ECAP, 1, 1, 1, 1, "queued invalidation (VT-d ECAP.QI)"},
    {VTD_ECAP, 3, 1, 1, 1, "interrupt remapping (VT-d ECAP.IR)"}};

static uint32_t read32(const struct vtd_unit *unit, uint32_t at) { return mmio_read32(unit->registers + at); }

static void write32(const struct vtd_unit *unit, uint32_t at, uint32_t value) { mmio_write32(unit->registers + at, value); }

static uint64_t read64(const struct vtd_unit *unit, uint32_t at) { return (uint64_t)read32(unit, at + 4) << 32 | read32(unit, at); }

/* The low half, which a unit may act upon, last. */
static void write64(const struct vtd_unit *unit, uint32_t at, uint64_t value)
{
    write32(unit, at + 4, (uint32_t)(value >> 32));
    write32(unit, at, (uint32_t)value);
}

static void wait_for(const struct vtd_unit *unit, uint32_t at, uint32_t bits, uint32_t value)
{
    uint32_t spins = 0;
    while ((read32(unit, at) & bits) != value)
        if (++spins == SPINS_MAX) panic("VT-d: a unit does not obey");
}

/* Switch @bit, a single one, and wait until it is: [VT-d-4.1] 11.4.4. */
static void command(const struct vtd_unit *unit, uint32_t bit, bool on)
{
    const uint32_t status = read32(unit, VTD_GSTS) & COMMAND_STICKY;
    write32(unit, VTD_GCMD, on ? status | bit : status & ~bit);
    wait_for(unit, VTD_GSTS, bit, on ? bit : 0);
}

void dma_write_back(const void *start, uint64_t bytes)
{
    if (!vtd.flush_lines) return;
    for (uint64_t offset = 0; offset < bytes; offset += LINE_BYTES) cache_line_flush((const uint8_t *)start + offset);
    memory_fence();
}

static void queue_append(struct vtd_unit *unit, const struct vtd_request *request)
{
    struct vtd_request *to = &queues.request[unit - vtd.unit][unit->tail];
    *to = *request;
    dma_write_back(to, sizeof *to);
    unit->tail = (unit->tail + 1) % QUEUE_ENTRIES;
}

/* The queue is empty before and after: who asks waits. */
static void unit_invalidate(struct vtd_unit *unit, const struct vtd_request *request, uint32_t count)
{
    uint32_t *done = &queues.done[unit - vtd.unit];
    const uint64_t low = (uint64_t)++unit->sequence << 32 | WAIT_STATUS | REQUEST_WAIT;
    for (uint32_t i = 0; i < count; i++) queue_append(unit, &request[i]);
    queue_append(unit, &(struct vtd_request){low, image_to_phys(done).value});
    write32(unit, VTD_IQT, unit->tail * (uint32_t)sizeof *request);
    for (uint32_t spins = 0; *(volatile uint32_t *)done != unit->sequence; spins++) {
        if (read32(unit, VTD_FSTS) & STATUS_QUEUE) panic("VT-d: a unit refuses an invalidation");
        if (spins == SPINS_MAX) panic("VT-d: an invalidation does not end");
    }
}

void vtd_invalidate(const struct vtd_request *request, uint32_t count)
{
    for (uint32_t i = 0; i < vtd.units; i++) unit_invalidate(&vtd.unit[i], request, count);
}

static bool unit_suffices(struct vtd_unit *unit)
{
    bool suffices = true;
    for (uint32_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const uint64_t field = read64(unit, needed[i].at) >> needed[i].shift & needed[i].mask;
        if (field < needed[i].at_least || field > needed[i].at_most) suffices = machine_lacks(needed[i].name);
    }
    const uint64_t cap = read64(unit, VTD_CAP);
    unit->records_at = (uint32_t)(cap >> 24 & 0x3ff) * 16;
    unit->records = (uint32_t)(cap >> 40 & 0xff) + 1;
    if (unit->records_at + unit->records * 16 > PAGE_BYTES)
        suffices = machine_lacks("fault records in the registers' first page (VT-d)");
    if (!(read64(unit, VTD_ECAP) & ECAP_COHERENT)) vtd.flush_lines = true;
    return suffices;
}

/* From here on nothing gets through @unit. What firmware had set up stands until then, and no longer. */
static void unit_start(struct vtd_unit *unit)
{
    static const struct vtd_request all[] = {
        {REQUEST_CONTEXT | REQUEST_GLOBAL, 0}, {REQUEST_IOTLB | REQUEST_GLOBAL | REQUEST_DRAIN, 0}, {REQUEST_INTERRUPT, 0}};
    write64(unit, VTD_RTADDR, vtd_root(unit->other_segment));
    command(unit, COMMAND_ROOT, true);
    command(unit, COMMAND_QUEUE, false);
    queues.done[unit - vtd.unit] = 0;
    write64(unit, VTD_IQT, 0);
    write64(unit, VTD_IQA, image_to_phys(queues.request[unit - vtd.unit]).value);
    command(unit, COMMAND_QUEUE, true);
    write64(unit, VTD_IRTA, vtd_interrupt_table());
    command(unit, COMMAND_INTERRUPT_TABLE, true);
    unit_invalidate(unit, all, 3);
    command(unit, COMMAND_TRANSLATE, true);
    command(unit, COMMAND_COMPATIBILITY, false); /* what is not remappable is blocked: [VT-d-4.1] 5.1.4 */
    command(unit, COMMAND_INTERRUPTS, true);
    if (read32(unit, VTD_PMEN) & PROTECTED_STATUS) {
        write32(unit, VTD_PMEN, 0); /* firmware's own protection, which would block even what is mapped */
        wait_for(unit, VTD_PMEN, PROTECTED_STATUS, 0);
    }
}

/* Faults are told by a message of the unit's own, which is not remapped: [VT-d-4.1] 7.4. */
static void unit_report(const struct vtd_unit *unit, uint32_t apic_id)
{
    write32(unit, VTD_FEDATA, VECTOR_IOMMU);
    write32(unit, VTD_FEADDR, MSI_ADDRESS | apic_id << 12);
    write32(unit, VTD_FEUADDR, 0);
    write32(unit, VTD_FECTL, 0);
}

void iommu_init(const struct window *memory, struct boot *boot)
{
    const uint32_t apic_id = cpuid(1, 0).ebx >> 24; /* [SDM-2023-09] Vol 2A CPUID: the initial one; cpu->apic_id comes later */
    bool suffices = true;
    iomem_init(boot);
    volatile uint8_t *ioapic = mmio_map((hpa_t){IOAPIC_BASE}, IOAPIC_BYTES);
    mmio_write32(ioapic + IOAPIC_SELECT, IOAPIC_ID);
    dmar_read(&vtd, memory, boot->info.rsdp, mmio_read32(ioapic + IOAPIC_DATA) >> 24 & 15);
    for (uint32_t i = 0; i < vtd.units; i++) {
        vtd.unit[i].registers = mmio_map((hpa_t){vtd.unit[i].base}, PAGE_BYTES);
        iomem_withhold(vtd.unit[i].base);
        suffices &= unit_suffices(&vtd.unit[i]);
    }
    if (!suffices) panic("the machine lacks what the kernel needs");
    vtd_tables_init();
    for (uint32_t i = 0; i < vtd.units; i++) unit_start(&vtd.unit[i]);
    for (uint32_t i = 0; i < vtd.units; i++) unit_report(&vtd.unit[i], apic_id);
    boot->info.iommu = 1;
    boot->info.msi_address = MSI_ADDRESS | 1 << 4; /* remappable, the handle from bit 5 on: [VT-d-4.1] 5.1.2.2 */
    boot->info.msi_address_step = 1 << 5;
}
