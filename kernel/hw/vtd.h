/* VT-d: registers, and the files that drive them. A unit is what DMAR calls remapping hardware; all units work with the same tables. */
#pragma once

#include "hw/window.h"

/* [VT-d-4.1] 11.4 */
enum { VTD_CAP = 0x08, VTD_ECAP = 0x10, VTD_GCMD = 0x18, VTD_GSTS = 0x1c, VTD_RTADDR = 0x20, VTD_FSTS = 0x34, VTD_FECTL = 0x38 };
enum { VTD_FEDATA = 0x3c, VTD_FEADDR = 0x40, VTD_FEUADDR = 0x44, VTD_PMEN = 0x64, VTD_IQT = 0x88, VTD_IQA = 0x90, VTD_IRTA = 0xb8 };
enum { FAULT_MASK = 1u << 31, STATUS_QUEUE = 7 << 4, STATUS_RECORDS = 1 << 1, STATUS_OVERFLOW = 1 << 0 };

/* An invalidation: [VT-d-4.1] 6.5.2. */
struct vtd_request {
    uint64_t low, high;
};
enum { REQUEST_CONTEXT = 1, REQUEST_IOTLB = 2, REQUEST_INTERRUPT = 4, REQUEST_WAIT = 5 };
enum { REQUEST_GLOBAL = 1 << 4, REQUEST_DOMAIN = 2 << 4, REQUEST_DEVICE = 3 << 4, REQUEST_INDEX = 1 << 4, REQUEST_DRAIN = 3 << 6 };

enum { VTD_UNITS = 8 };

struct vtd_unit {
    volatile uint8_t *registers;
    uint64_t base;
    uint32_t records_at, records; /* of faults, behind registers */
    uint32_t sequence, tail;      /* of the invalidation queue */
    bool other_segment;           /* its devices are nobody's */
};

struct vtd {
    struct vtd_unit unit[VTD_UNITS];
    uint32_t units;
    uint16_t ioapic_source;
    bool flush_lines; /* a unit does not snoop caches for its tables */
};
/* Written at boot only, but for the queues' positions. */
extern struct vtd vtd;

/* dmar.c: fill in units and ioapic_source from the table DMAR, hostile as the rest; panics with the reason. @ioapic_id of the IOAPIC. */
void dmar_read(struct vtd *to, const struct window *memory, uint64_t rsdp, uint32_t ioapic_id);

/* vtd.c: have every unit carry out @requests and wait until all have; panics if one never does. */
void vtd_invalidate(const struct vtd_request *request, uint32_t count);

/* vtd_dma.c: the root tables, in which nothing is allowed; the second is for other segments. */
uint64_t vtd_root(bool other_segment);
void vtd_tables_init(void);
/* vtd_irq.c: what IRTA wants to hear of the interrupt remapping table, in which nothing is allowed. */
uint64_t vtd_interrupt_table(void);
