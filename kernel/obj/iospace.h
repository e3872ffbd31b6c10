/* What a device reaches by DMA: a space in the IOMMU's format, attached to one source at a time. */
#pragma once

#include "hw/dma.h"
#include "obj/irq.h"
#include "obj/space.h"

struct iospace {
    struct space space; /* first */
    struct irq watch;   /* who hears of faults */
    uint32_t domain;    /* 0: attached to nothing */
    uint16_t source;
    uint32_t faults;        /* since the record was taken */
    struct dma_fault fault; /* the first of them */
};

/* May @frame be mapped at @address?  Refuses where a write would be an interrupt and, if nothing
 * translates, where @frame does not lie; else as space_map_check. */
MUST_CHECK enum error iospace_map_check(
    struct iospace *io, const struct slot *frame, uint64_t address, uint8_t access, struct space_entry *place);
void iospace_map(struct iospace *io, struct slot *frame, uint64_t address, uint8_t access, struct space_entry place);
/* ioformat_vtd.c | ioformat_amdvi.c | ioformat_direct.c: the tables' format, and what the walker does not know of the entries towards the leaf at @leaf. */
extern const struct walk_format io_format;
void io_tables_mark(struct iospace *io, uint64_t address, uint32_t leaf);
/* ERR_STATE: @io has a source; ERR_BUSY: @source is in another; ERR_LIMIT. */
MUST_CHECK enum error iospace_attach_check(const struct iospace *io, uint16_t source);
void iospace_attach(struct iospace *io, uint16_t source);
/* If it is attached: nothing of the device's DMA is under way when this returns. */
void iospace_detach(struct iospace *io);
/* Make interrupt @number, a message's, the one that @source alone can send. */
void msi_make(struct cpu *cpu, uint32_t number, uint16_t source);
/* Take the record of faults, and report the next again. */
void iospace_fault_take(struct iospace *io, uint64_t words[static MESSAGE_WORDS]);
