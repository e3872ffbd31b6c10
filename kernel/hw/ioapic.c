#include "hw/ioapic.h"
#include "base/panic.h"
#include "hw/paging.h"
#include "hw/vectors.h"
#include "hw/x86.h"

/* [82093AA] 3.0: index and data registers; a redirection entry is two words */
enum { IOAPIC_SELECT = 0, IOAPIC_DATA = 0x10, IOAPIC_VERSION = 1, IOAPIC_ENTRIES = 0x10, WINDOW_BYTES = 32 };
enum { ENTRY_ACTIVE_LOW = 1 << 13, ENTRY_LEVEL = 1 << 15, ENTRY_MASKED = 1 << 16 };

/* Where a GSI enters: its entry's first register, or page NULL; how the firmware says that it is wired. Written at boot only. */
static struct {
    volatile uint8_t *page;
    uint32_t index, flags;
} gsi_input[GSI_COUNT];

/* The data register, behind which @index now stands. */
static volatile void *ioapic_select(volatile uint8_t *page, uint32_t index)
{
    mmio_write32(page + IOAPIC_SELECT, index);
    return page + IOAPIC_DATA;
}

void ioapic_add(hpa_t base, uint32_t gsi_base)
{
    volatile uint8_t *page = mmio_map(base, WINDOW_BYTES);
    const uint32_t inputs = (mmio_read32(ioapic_select(page, IOAPIC_VERSION)) >> 16 & 0xff) + 1;
    for (uint32_t input = 0; input < inputs; input++) {
        const uint32_t index = IOAPIC_ENTRIES + 2 * input;
        const uint64_t gsi = (uint64_t)gsi_base + input;
        mmio_write32(ioapic_select(page, index), ENTRY_MASKED);
        if (gsi >= GSI_COUNT) continue;
        gsi_input[gsi].page = page;
        gsi_input[gsi].index = index;
    }
}

void ioapic_override(uint32_t gsi, uint32_t flags)
{
    if (gsi < GSI_COUNT) gsi_input[gsi].flags = flags;
}

bool ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id)
{
    if (gsi >= GSI_COUNT || !gsi_input[gsi].page) return false;
    flags |= gsi_input[gsi].flags;
    const uint32_t mode = ((flags & IOAPIC_LEVEL) ? ENTRY_LEVEL : 0) | ((flags & IOAPIC_ACTIVE_LOW) ? ENTRY_ACTIVE_LOW : 0);
    mmio_write32(ioapic_select(gsi_input[gsi].page, gsi_input[gsi].index), (VECTOR_GSI + gsi) | ENTRY_MASKED | mode);
    mmio_write32(ioapic_select(gsi_input[gsi].page, gsi_input[gsi].index + 1), apic_id << 24);
    return true;
}

static void ioapic_set_mask(uint32_t gsi, uint32_t mask)
{
    ASSERT(gsi < GSI_COUNT && gsi_input[gsi].page);
    volatile void *entry = ioapic_select(gsi_input[gsi].page, gsi_input[gsi].index);
    mmio_write32(entry, (mmio_read32(entry) & ~(uint32_t)ENTRY_MASKED) | mask);
}

void ioapic_mask(uint32_t gsi) { ioapic_set_mask(gsi, ENTRY_MASKED); }
void ioapic_unmask(uint32_t gsi) { ioapic_set_mask(gsi, 0); }
