/* The seam to the IOMMU, the rest: what an image that drives devices has besides hw/iommu.h. Where directdma.c implements it,
 * what is said of accesses is a promise that no hardware keeps. */
#pragma once

#include "base/types.h"
#include "bulkhead/abi.h"

/* As many devices as can be given away, each in a domain of its own: 1 to DMA_DOMAINS. */
enum { DMA_DOMAINS = 32 };

/* An access that was refused. */
struct dma_fault {
    uint64_t address;
    uint32_t reason; /* the vendor's number */
    uint16_t source;
};

/* Can a table entry for @source be had?  ERR_LIMIT. */
MUST_CHECK enum error dma_attach_check(uint16_t source);
/* @source, which reached nothing, reaches what the tables at @root map; faults are reported. */
void dma_attach(uint16_t source, uint32_t domain, hpa_t root);
/* @source reaches nothing, and is not reported. On return its accesses have ended. */
void dma_detach(uint16_t source, uint32_t domain);
/* On return nothing of @domain works with a translation that the tables no longer hold. */
void dma_flush(uint32_t domain);
/* Let the IOMMU see @bytes of a table at @start. */
void dma_write_back(const void *start, uint64_t bytes);
/* Report faults of @source, which is attached, or do not. */
void dma_report(uint16_t source, bool wanted);
/* Take the oldest fault that hardware holds; false if there is none. */
MUST_CHECK bool dma_fault(struct dma_fault *fault);

/* Whether [base, end), pages of it, is device memory that a domain may have: not RAM, nor what the firmware took out of RAM's end, nor what
 * steers interrupts, memory and DMA. */
bool iomem_free(uint64_t base, uint64_t end);
