/* VT-d: the interrupt remapping table. A message's entry has its handle's number, a line's comes after those. */
#include "hw/iommu.h"
#include "base/panic.h"
#include "hw/dma.h"
#include "hw/memory.h"
#include "hw/vectors.h"
#include "hw/vtd.h"

/* [VT-d-4.1] 9.10: a fixed interrupt to one processor by its APIC's number; who sends it is compared (SVT 1), faults are not reported. */
enum {
    ENTRIES = 256,
    PRESENT = 1 << 0,
    SILENT = 1 << 1,
    LEVEL = 1 << 4,
    VECTOR_SHIFT = 16,
    PROCESSOR_SHIFT = 40,
    VERIFY = 1 << 18
};
enum { TABLE_SIZE = 7 }; /* IRTA.S: 2^8 entries */
/* Redirection entries: [VT-d-4.1] 5.1.5.1 */
enum { REDIRECTION_LEVEL = 1 << 15, REDIRECTION_LOW = 0x1ffff & ~0x700, FORMAT_SHIFT = 48, INDEX_SHIFT = 49 };

static struct {
    struct {
        uint64_t low, high;
    } entry[ENTRIES];
    struct {
        bool taken, cut; /* since it was acknowledged: one has come; a second has */
    } message[MSI_COUNT];
} table __attribute__((aligned(PAGE_BYTES)));

uint64_t vtd_interrupt_table(void)
{
    for (uint32_t i = 0; i < ENTRIES; i++) table.entry[i].low = SILENT;
    dma_write_back(table.entry, sizeof table.entry);
    return image_to_phys(table.entry).value | TABLE_SIZE;
}

/* An entry changes while it is not present, or in its presence alone. */
static void entry_set(uint32_t index, uint64_t low)
{
    volatile uint64_t *entry = &table.entry[index].low;
    *entry = low;
    dma_write_back(&table.entry[index], sizeof table.entry[index]);
    vtd_invalidate(&(struct vtd_request){(uint64_t)index << 32 | REQUEST_INTERRUPT | REQUEST_INDEX, 0}, 1);
}

uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry)
{
    const bool line = irq < GSI_COUNT;
    const uint32_t index = line ? MSI_COUNT + irq : irq - GSI_COUNT;
    const uint64_t way = (entry >> 56) << PROCESSOR_SHIFT | (entry & 0xff) << VECTOR_SHIFT | SILENT;
    ASSERT(index < MSI_COUNT + GSI_COUNT);
    entry_set(index, SILENT);
    table.entry[index].high = VERIFY | (line ? vtd.ioapic_source : (uint16_t)source);
    entry_set(index, way | (line ? PRESENT : 0) | ((entry & REDIRECTION_LEVEL) ? LEVEL : 0));
    if (!line) table.message[index].taken = table.message[index].cut = false;
    return (uint64_t)index << INDEX_SHIFT | 1ull << FORMAT_SHIFT | (entry & REDIRECTION_LOW);
}

bool iommu_message(uint32_t irq, bool open)
{
    const uint32_t handle = irq - GSI_COUNT;
    if (handle >= MSI_COUNT) return false;
    const uint64_t low = table.entry[handle].low;
    const bool cut = table.message[handle].cut;
    if (open && !(low & PRESENT)) entry_set(handle, low | PRESENT);
    if (!open && table.message[handle].taken && (low & PRESENT)) entry_set(handle, low & ~(uint64_t)PRESENT);
    table.message[handle].cut = !open && table.message[handle].taken;
    table.message[handle].taken = !open;
    return open && cut;
}
