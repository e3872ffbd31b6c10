#include "obj/iospace.h"

#include "base/panic.h"
#include "hw/iommu.h"
#include "obj/walker.h"

/* What hardware takes for an interrupt, wherever it comes from ([VT-d-4.1] 3.14). */
#define INTERRUPT_BASE 0xfee00000u
#define INTERRUPT_END 0xfef00000u

enum { FAULTS_AT_ONCE = 8 };

/* By domain - 1. Under the kernel lock. */
static struct iospace *attached[DMA_DOMAINS];

void iospace_init(struct space *space, uint32_t tables)
{
    struct iospace *io = (struct iospace *)space;

    space_init(space, tables, SPACE_GUEST); /* none of the kernel's half */
    space->flags |= SPACE_IO;
    space->format = &io_format;
    io->watch.gsi = UINT32_MAX; /* no interrupt of the processor's */
    dma_write_back(space->root, PAGE_BYTES);
}

void iospace_retire(struct cpu *cpu, struct space *space)
{
    struct iospace *io = (struct iospace *)space;

    iospace_detach(io);
    irq_retire(cpu, &io->watch);
    space_retire(cpu, space);
}

enum error iospace_map_check(
    struct iospace *io, const struct slot *frame, uint64_t address, uint8_t access, struct space_entry *place)
{
    if (access & ~(uint32_t)(MAP_READ | MAP_WRITE)) return ERR_ARGUMENT;
    if (frame->cap.flags & CAP_KEEP) return ERR_TYPE; /* devices reach memory, not each other */
    if (walk_leaf_level(frame->cap.extra) > 1) return ERR_RANGE;
    if (io_format.direct && address != frame->cap.object) return ERR_RANGE;
    if (address < INTERRUPT_END && address + frame->cap.extra > INTERRUPT_BASE) return ERR_RANGE;
    return space_map_check(&io->space, frame, address, access, place);
}

void iospace_map(struct iospace *io, struct slot *frame, uint64_t address, uint8_t access, struct space_entry place)
{
    const struct space *space = &io->space;
    const uint8_t *tables = (const uint8_t *)space->root + (space->used + 1ull) * PAGE_BYTES;

    space_map(&io->space, frame, address, access, place);
    io_tables_mark(io, address, walk_leaf_level(frame->cap.extra));
    /* New tables before the entry that names the first of them. */
    dma_write_back(tables, (space->used + 1ull) * PAGE_BYTES - (uint64_t)(tables - (const uint8_t *)space->root));
    dma_write_back(place.entry, sizeof *place.entry);
    if (io->domain) dma_flush(io->domain); /* hardware may remember that nothing was there */
}

void iospace_unmapped(struct space *space, const uint64_t *entry)
{
    const struct iospace *io = (const struct iospace *)space;

    dma_write_back(entry, sizeof *entry);
    if (io->domain) dma_flush(io->domain);
}

enum error iospace_attach_check(const struct iospace *io, uint16_t source)
{
    bool room = false;

    if (io->domain) return ERR_STATE;
    for (uint32_t i = 0; i < DMA_DOMAINS; i++) {
        if (attached[i] && attached[i]->source == source) return ERR_BUSY;
        room |= !attached[i];
    }
    return room ? dma_attach_check(source) : ERR_LIMIT;
}

void iospace_attach(struct iospace *io, uint16_t source)
{
    uint32_t index = 0;

    while (attached[index]) index++;
    attached[index] = io;
    io->domain = index + 1;
    io->source = source;
    io->faults = 0;
    io->fault = (struct dma_fault){0};
    dma_attach(source, io->domain, io->space.root_pa);
}

void iospace_detach(struct iospace *io)
{
    if (!io->domain) return;
    dma_detach(io->source, io->domain);
    attached[io->domain - 1] = NULL;
    io->domain = 0;
}

void msi_make(struct cpu *cpu, uint32_t number, uint16_t source)
{
    struct irq *irq = irq_get(number);

    ASSERT(irq);
    irq->gsi = number;
    irq->made = true;
    (void)iommu_route(number, source, (uint64_t)cpu->apic_id << 56 | (VECTOR_GSI + number));
}

void iospace_faults(struct cpu *cpu)
{
    struct dma_fault fault;

    for (uint32_t n = 0; n < FAULTS_AT_ONCE && dma_fault(&fault); n++)
        for (uint32_t i = 0; i < DMA_DOMAINS; i++) {
            struct iospace *io = attached[i];

            if (!io || io->source != fault.source) continue;
            if (io->faults++ == 0) io->fault = fault;
            dma_report(io->source, false);
            if (io->watch.notif) notif_signal(cpu, io->watch.notif, io->watch.bits);
        }
}

void iospace_fault_take(struct iospace *io, uint64_t words[static MESSAGE_WORDS])
{
    words[0] = io->faults;
    words[1] = io->fault.reason;
    words[2] = io->fault.address;
    words[3] = io->fault.source;
    if (io->faults && io->domain) dma_report(io->source, true);
    io->faults = 0;
    io->fault = (struct dma_fault){0};
}
