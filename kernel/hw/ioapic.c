#include "hw/ioapic.h"
#include "base/panic.h"
#include "hw/iommu.h"
#include "hw/paging.h"
#include "hw/vectors.h"
#include "hw/x86.h"

enum { ENTRY_ACTIVE_LOW = 1 << 13, ENTRY_LEVEL = 1 << 15, ENTRY_MASKED = 1 << 16 };

/* Written at boot only. */
static volatile uint8_t *ioapic;

/* The data register, behind which @index now stands. */
static volatile void *ioapic_select(uint32_t index)
{
    mmio_write32(ioapic + IOAPIC_SELECT, index);
    return ioapic + IOAPIC_DATA;
}

void ioapic_init(void)
{
    ioapic = mmio_map((hpa_t){IOAPIC_BASE}, IOAPIC_BYTES);
    const uint32_t version = mmio_read32(ioapic_select(IOAPIC_VERSION)), inputs = (version >> 16) + 1;
    if (inputs < GSI_COUNT || inputs > 256) panic("no IOAPIC with 24 inputs at FEC0_0000");
    for (uint32_t input = 0; input < inputs; input++) mmio_write32(ioapic_select(IOAPIC_ENTRIES + 2 * input), ENTRY_MASKED);
}

void ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id)
{
    ASSERT(gsi < GSI_COUNT);
    const uint32_t mode = ((flags & IOAPIC_LEVEL) ? ENTRY_LEVEL : 0) | ((flags & IOAPIC_ACTIVE_LOW) ? ENTRY_ACTIVE_LOW : 0);
    const uint64_t entry = iommu_route(gsi, 0, (uint64_t)apic_id << 56 | (VECTOR_GSI + gsi) | ENTRY_MASKED | mode);
    mmio_write32(ioapic_select(IOAPIC_ENTRIES + 2 * gsi), (uint32_t)entry);
    mmio_write32(ioapic_select(IOAPIC_ENTRIES + 2 * gsi + 1), (uint32_t)(entry >> 32));
}

static bool ioapic_set_mask(uint32_t gsi, uint32_t mask)
{
    if (gsi >= GSI_COUNT) return iommu_message(gsi, mask == 0);
    volatile void *entry = ioapic_select(IOAPIC_ENTRIES + 2 * gsi);
    mmio_write32(entry, (mmio_read32(entry) & ~(uint32_t)ENTRY_MASKED) | mask);
    return false;
}

void ioapic_mask(uint32_t irq) { (void)ioapic_set_mask(irq, ENTRY_MASKED); }
bool ioapic_unmask(uint32_t irq) { return ioapic_set_mask(irq, 0); }
