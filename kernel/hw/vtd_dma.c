/* VT-d: root and context tables, and the record of faults. */
#include "hw/dma.h"
#include "base/panic.h"
#include "hw/memory.h"
#include "hw/vtd.h"
#include "hw/x86.h"

/* [VT-d-4.1] 9.1, 9.3: translation type 0 (no device has translated before), four levels. */
enum { PRESENT = 1 << 0, SILENT = 1 << 1, FOUR_LEVELS = 2, DOMAIN_SHIFT = 8, DEVICES = 256, BUSES = 256, TABLES = 16 };
enum { RECORD_BYTES = 16, REASON_INTERRUPT = 0x20 };
#define RECORD_FAULT (1u << 31)

struct entry {
    uint64_t low, high;
};

/* A bus whose devices are all nobody's has the table closed, in which no entry is present and none reports: hardware looks at that bit whether
 * or not an entry is present ([VT-d-4.1] 9.3, FPD). */
static struct {
    struct entry root[BUSES], other[BUSES], closed[DEVICES], table[TABLES][DEVICES];
    uint32_t used;
} context __attribute__((aligned(PAGE_BYTES)));

uint64_t vtd_root(bool other_segment) { return image_to_phys(other_segment ? context.other : context.root).value; }

static void closed_init(struct entry *table)
{
    for (uint32_t i = 0; i < DEVICES; i++) table[i] = (struct entry){SILENT, 0};
    dma_write_back(table, DEVICES * sizeof *table);
}

void vtd_tables_init(void)
{
    const struct entry closed = {image_to_phys(context.closed).value | PRESENT, 0};
    context.used = 0;
    closed_init(context.closed);
    for (uint32_t i = 0; i < BUSES; i++) context.root[i] = context.other[i] = closed;
    dma_write_back(context.root, sizeof context.root + sizeof context.other);
}

static bool bus_closed(uint32_t bus) { return (context.root[bus].low & ~(uint64_t)PRESENT) == image_to_phys(context.closed).value; }

/* The entry of @source, whose bus has a table of its own. */
static struct entry *context_entry(uint16_t source)
{
    const uint64_t first = image_to_phys(context.table).value;
    const uint64_t index = ((context.root[source >> 8].low & ~(uint64_t)PRESENT) - first) / sizeof context.table[0];
    ASSERT(index < TABLES);
    return &context.table[index][source & 0xff];
}

/* Tables first, then what was made of them: [VT-d-4.1] 6.5.3.3. */
static void forget(uint16_t source, uint32_t domain)
{
    const struct vtd_request requests[] = {{(uint64_t)source << 32 | (uint64_t)domain << 16 | REQUEST_CONTEXT | REQUEST_DEVICE, 0},
        {(uint64_t)domain << 16 | REQUEST_IOTLB | REQUEST_DOMAIN | REQUEST_DRAIN, 0}};
    vtd_invalidate(requests, 2);
}

static void context_set(uint16_t source, uint64_t low, uint64_t high)
{
    struct entry *entry = context_entry(source);
    volatile uint64_t *first = &entry->low;
    *first = SILENT; /* hardware never sees half of one and half of another */
    entry->high = high;
    *first = low;
    dma_write_back(entry, sizeof *entry);
}

enum error dma_attach_check(uint16_t source) { return bus_closed(source >> 8) && context.used == TABLES ? ERR_LIMIT : OK; }

void dma_attach(uint16_t source, uint32_t domain, hpa_t root)
{
    const uint32_t bus = source >> 8;
    if (bus_closed(bus)) {
        struct entry *table = context.table[context.used++];
        closed_init(table);
        context.root[bus].low = image_to_phys(table).value | PRESENT;
        dma_write_back(&context.root[bus], sizeof context.root[bus]);
        vtd_invalidate(&(struct vtd_request){REQUEST_CONTEXT | REQUEST_GLOBAL, 0}, 1);
    }
    context_set(source, root.value | PRESENT, (uint64_t)domain << DOMAIN_SHIFT | FOUR_LEVELS);
    forget(source, domain); /* that nothing was there may be remembered, too */
}

void dma_detach(uint16_t source, uint32_t domain)
{
    context_set(source, SILENT, 0);
    forget(source, domain);
}

void dma_flush(uint32_t domain)
{
    vtd_invalidate(&(struct vtd_request){(uint64_t)domain << 16 | REQUEST_IOTLB | REQUEST_DOMAIN | REQUEST_DRAIN, 0}, 1);
}

void dma_report(uint16_t source, bool wanted)
{
    struct entry *entry = context_entry(source);
    entry->low = wanted ? entry->low & ~(uint64_t)SILENT : entry->low | SILENT;
    dma_write_back(entry, sizeof *entry);
    forget(source, (uint32_t)(entry->high >> DOMAIN_SHIFT));
    for (uint32_t i = 0; wanted && i < vtd.units; i++) mmio_write32(vtd.unit[i].registers + VTD_FECTL, 0);
}

/* Take @record if there is a fault in it: [VT-d-4.1] 11.4.14. */
static bool record_take(volatile uint8_t *record, struct dma_fault *fault)
{
    const uint32_t high = mmio_read32(record + 12), source = mmio_read32(record + 8);
    if (!(high & RECORD_FAULT)) return false;
    fault->address = (uint64_t)mmio_read32(record + 4) << 32 | mmio_read32(record);
    fault->reason = high & 0xff;
    fault->source = (uint16_t)source;
    mmio_write32(record + 12, RECORD_FAULT);
    return true;
}

bool dma_fault(struct dma_fault *fault)
{
    for (uint32_t i = 0; i < vtd.units; i++) {
        const struct vtd_unit *unit = &vtd.unit[i];
        for (uint32_t n = 0; n < unit->records; n++) {
            if (!record_take(unit->registers + unit->records_at + n * RECORD_BYTES, fault)) continue;
            /* No table silences who sends interrupts that are not his: the whole unit is, until a record is taken. */
            if (fault->reason >= REASON_INTERRUPT) mmio_write32(unit->registers + VTD_FECTL, FAULT_MASK);
            return true;
        }
        mmio_write32(unit->registers + VTD_FSTS, STATUS_OVERFLOW);
    }
    return false;
}
