#include "hw/iomem.h"
#include "base/panic.h"
#include "hw/dma.h"
#include "hw/memory.h"

#define FOUR_GIB (4ull << 30)
/* From here to 4 GiB chip sets have what steers them: IOAPIC, HPET, TPM, local APIC, firmware ([ICH9] 6.4). */
#define CHIP_SET_BASE 0xfec00000u

enum { WITHHELD_MAX = 16 };

/* Written at boot only. */
static struct {
    uint64_t low_end, high_base; /* RAM and what was taken from its end lies below, up to 4 GiB and beyond */
    uint64_t withheld[WITHHELD_MAX];
    uint32_t withheld_count;
} iomem;

void iomem_init(const struct boot *boot)
{
    bool grown = true;
    iomem.high_base = boot->memory_end > FOUR_GIB ? boot->memory_end : FOUR_GIB;
    /* What the map does not call free and stands where RAM ends is RAM that the firmware keeps: SMRAM, ACPI's, a display's. */
    while (grown) {
        grown = false;
        for (uint32_t i = 0; i < boot->range_count; i++) {
            const struct boot_range *range = &boot->range[i];
            if (range->base >= FOUR_GIB || range->end <= iomem.low_end || !(range->ram || range->base <= iomem.low_end)) continue;
            iomem.low_end = range->end;
            grown = true;
        }
    }
}

void iomem_withhold(uint64_t base)
{
    if (iomem.withheld_count == WITHHELD_MAX) panic("more IOMMUs than the kernel can keep to itself");
    iomem.withheld[iomem.withheld_count++] = base;
}

bool iomem_free(uint64_t base, uint64_t end)
{
    for (uint32_t i = 0; i < iomem.withheld_count; i++)
        if (base < iomem.withheld[i] + PAGE_BYTES && end > iomem.withheld[i]) return false;
    if (base >= FOUR_GIB) return base >= iomem.high_base && end <= DIRECT_MAP_BYTES;
    return base >= iomem.low_end && end <= CHIP_SET_BASE;
}
