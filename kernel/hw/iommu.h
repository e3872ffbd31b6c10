/* The seam to the IOMMU: vtd*.c, amdvi*.c, noiommu.c or directdma.c implements it, chosen at link time. No caller names a vendor. */
#pragma once

#include "hw/boot.h"

/* From here on no device reaches memory or, where the IOMMU can see to that, the processor. Fills in what @boot->info says of it; panics with the
 * reason. Once mmio_map works; @memory as for boot_read. */
void iommu_init(const struct window *memory, struct boot *boot);
/* Make the way of interrupt @irq to the processor. @entry is the redirection entry without an IOMMU, the answer the one with it; a message,
 * GSI_COUNT and up, comes from @source alone and has no such entry. */
uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry);
/* Message @irq has come, or (@open) was acknowledged. A second that comes before that is the last to: true if some may have been refused. */
bool iommu_message(uint32_t irq, bool open);
/* noiommu.c alone has this one. */
enum error iommu_unsupported(void);
