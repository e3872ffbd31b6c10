/* An IOMMU, if there is one, is left alone: no domain can be given a device that masters the bus. */
#include "hw/iommu.h"

void iommu_init(struct cpu *cpu, const struct window *memory, struct boot *boot) { (void)cpu, (void)memory, (void)boot; }
uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry) { return (void)irq, (void)source, entry; }
bool iommu_message(uint32_t irq, bool open) { return (void)irq, (void)open, false; }
