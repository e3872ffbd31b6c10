/* Bus masters without an IOMMU, for systems that say unsafe_dma: a device reaches all memory and raises any interrupt, whatever its iospace says.
 * Who is attached where is kept as a book, so that the description stays the truth about devices that behave. */
#include "hw/dma.h"
#include "hw/iomem.h"
#include "hw/iommu.h"
#include "hw/serial.h"
#include "hw/vectors.h"
#include "hw/x86.h"

/* A message names processor and vector itself: [SDM-2023-09] Vol 3A 11.11. */
enum { MSI_ADDRESS = 0xfee00000, MSI_PROCESSOR_SHIFT = 12 };

void iommu_init(const struct window *memory, struct boot *boot)
{
    (void)memory;
    iomem_init(boot);
    boot->info.iommu = 3;
    boot->info.msi_address = MSI_ADDRESS | cpuid(1, 0).ebx >> 24 << MSI_PROCESSOR_SHIFT;
    boot->info.msi_data = VECTOR_GSI + GSI_COUNT;
    boot->info.msi_data_step = 1;
    console_line("WARNING: UNSAFE DMA: ", "no IOMMU; every driven device reaches all memory and raises any interrupt");
}

uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry) { return (void)irq, (void)source, entry; }
/* A message cannot be cut off, so none is lost either: a second one before the acknowledgement is one more interrupt. */
bool iommu_message(uint32_t irq, bool open) { return (void)irq, (void)open, false; }
enum error dma_attach_check(uint16_t source) { return (void)source, OK; }
void dma_attach(uint16_t source, uint32_t domain, hpa_t root) { (void)source, (void)domain, (void)root; }
/* Its accesses go on: only a reset of the device ends them, before its driver's memory is made anew. */
void dma_detach(uint16_t source, uint32_t domain) { (void)source, (void)domain; }
void dma_flush(uint32_t domain) { (void)domain; }
void dma_write_back(const void *start, uint64_t bytes) { (void)start, (void)bytes; }
void dma_report(uint16_t source, bool wanted) { (void)source, (void)wanted; }
bool dma_fault(struct dma_fault *fault) { return (void)fault, false; }
