#include "hw/ioapic.h"
#include "base/panic.h"
#include "hw/paging.h"
#include "hw/vectors.h"
#include "hw/x86.h"

/* [82093AA] 3.0: index and data registers; a redirection entry is two words */
enum { IOAPIC_SELECT = 0, IOAPIC_DATA = 0x10, IOAPIC_VERSION = 1, IOAPIC_ENTRIES = 0x10, ENTRY_BYTES = 32 };
enum { ENTRY_ACTIVE_LOW = 1 << 13, ENTRY_LEVEL = 1 << 15, ENTRY_MASKED = 1 << 16 };

/* Where a GSI enters, or page NULL. Written at boot only. */
static struct {
    volatile uint8_t *page;
    uint32_t input, flags;
} gsi_input[GSI_COUNT];

static uint32_t ioapic_read(volatile uint8_t *page, uint32_t index)
{
    mmio_write32(page + IOAPIC_SELECT, index);
    return mmio_read32(page + IOAPIC_DATA);
}

static void ioapic_write(volatile uint8_t *page, uint32_t index, uint32_t value)
{
    mmio_write32(page + IOAPIC_SELECT, index);
    mmio_write32(page + IOAPIC_DATA, value);
}

static void ioapic_init_one(const struct acpi_ioapic *ioapic)
{
    volatile uint8_t *page = mmio_map(ioapic->base, ENTRY_BYTES);
    const uint32_t inputs = (ioapic_read(page, IOAPIC_VERSION) >> 16 & 0xff) + 1;
    for (uint32_t input = 0; input < inputs; input++) {
        ioapic_write(page, IOAPIC_ENTRIES + 2 * input, ENTRY_MASKED);
        const uint64_t gsi = (uint64_t)ioapic->gsi_base + input;
        if (gsi >= GSI_COUNT) continue;
        gsi_input[gsi].page = page;
        gsi_input[gsi].input = input;
    }
}

void ioapic_init(const struct acpi *acpi)
{
    for (uint32_t i = 0; i < acpi->ioapic_count; i++) ioapic_init_one(&acpi->ioapic[i]);
    for (uint32_t i = 0; i < acpi->override_count; i++) {
        const struct acpi_override *override = &acpi->override[i];
        if (override->gsi < GSI_COUNT)
            gsi_input[override->gsi].flags = (override->level ? IOAPIC_LEVEL : 0) | (override->active_low ? IOAPIC_ACTIVE_LOW : 0);
    }
}

bool ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id)
{
    if (gsi >= GSI_COUNT || !gsi_input[gsi].page) return false;
    const uint32_t index = IOAPIC_ENTRIES + 2 * gsi_input[gsi].input;
    flags |= gsi_input[gsi].flags;
    ioapic_write(gsi_input[gsi].page, index,
        (VECTOR_GSI + gsi) | ENTRY_MASKED | ((flags & IOAPIC_LEVEL) ? ENTRY_LEVEL : 0) |
            ((flags & IOAPIC_ACTIVE_LOW) ? ENTRY_ACTIVE_LOW : 0));
    ioapic_write(gsi_input[gsi].page, index + 1, apic_id << 24);
    return true;
}

static void ioapic_set_mask(uint32_t gsi, uint32_t mask)
{
    ASSERT(gsi < GSI_COUNT && gsi_input[gsi].page);
    const uint32_t index = IOAPIC_ENTRIES + 2 * gsi_input[gsi].input;
    const uint32_t entry = ioapic_read(gsi_input[gsi].page, index) & ~(uint32_t)ENTRY_MASKED;
    ioapic_write(gsi_input[gsi].page, index, entry | mask);
}

void ioapic_mask(uint32_t gsi) { ioapic_set_mask(gsi, ENTRY_MASKED); }

void ioapic_unmask(uint32_t gsi) { ioapic_set_mask(gsi, 0); }
