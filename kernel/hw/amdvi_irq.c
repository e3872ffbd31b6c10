/* AMD-Vi: interrupt remapping tables, one for each source: a message's index is its handle, a line's its vector. */
#include "hw/amdvi.h"
#include "base/panic.h"
#include "hw/iommu.h"
#include "hw/memory.h"
#include "hw/vectors.h"

/* [AMD-IOMMU-3.08] 2.2.5.2: a fixed interrupt to one processor by its APIC's number; refused ones are not told. */
enum {
    PRESENT = 1 << 0,
    SILENT = 1 << 1,
    PROCESSOR_SHIFT = 8,
    VECTOR_SHIFT = 16,
    LINES = 256,
    LINES_LENGTH = 8,
    MESSAGES_LENGTH = 5
};
enum { INTERRUPTS_VALID = 1, INTERRUPTS_SILENT = 1 << 5, LENGTH_SHIFT = 1 };
#define REMAP (2ull << 60)

static struct {
    uint32_t line[LINES];
    uint32_t message[MSI_COUNT][MSI_COUNT]; /* by table, then by handle */
    struct {
        uint16_t source;
        uint8_t table;
        bool routed, taken, cut; /* since it was acknowledged: one has come; a second has */
    } state[MSI_COUNT];
} table __attribute__((aligned(PAGE_BYTES)));

static void forget(uint16_t source)
{
    amdvi_invalidate(&(struct amdvi_command){(uint64_t)COMMAND_INTERRUPTS << 60 | source, 0}, 1);
}

/* @source's interrupts go by @entries. */
static void source_set(uint16_t source, const uint32_t *entries, uint64_t length)
{
    struct amdvi_device *device = amdvi_device_of(source);
    if (!device) return; /* a bus beyond the table: blocked */
    device->interrupts = image_to_phys(entries).value | REMAP | length << LENGTH_SHIFT | INTERRUPTS_VALID | INTERRUPTS_SILENT;
    amdvi_forget(source);
    forget(source);
}

void amdvi_irq_init(void) { source_set(amdvi.ioapic_source, table.line, LINES_LENGTH); }

/* The table of @source: that of a message that it has, or one that is free, of which there are as many as messages. */
static uint8_t table_of(uint32_t handle, uint16_t source)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < MSI_COUNT; i++) {
        if (i == handle || !table.state[i].routed) continue;
        if (table.state[i].source == source) return table.state[i].table;
        used |= 1u << table.state[i].table;
    }
    return (uint8_t)__builtin_ctz(~used);
}

uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry)
{
    const uint32_t vector = (uint32_t)entry & 0xff, handle = irq - GSI_COUNT;
    const uint32_t way = vector << VECTOR_SHIFT | (uint32_t)(entry >> 56) << PROCESSOR_SHIFT | SILENT;
    if (irq < GSI_COUNT) {
        table.line[vector] = way | PRESENT;
        forget(amdvi.ioapic_source);
        return entry;
    }
    ASSERT(handle < MSI_COUNT);
    if (table.state[handle].routed) {
        table.message[table.state[handle].table][handle] = SILENT;
        forget(table.state[handle].source);
    }
    const uint8_t number = table_of(handle, (uint16_t)source);
    table.state[handle].source = (uint16_t)source;
    table.state[handle].table = number;
    table.state[handle].routed = true;
    table.state[handle].taken = table.state[handle].cut = false;
    table.message[number][handle] = way;
    source_set((uint16_t)source, table.message[number], MESSAGES_LENGTH);
    return 0;
}

bool iommu_message(uint32_t irq, bool open)
{
    const uint32_t handle = irq - GSI_COUNT;
    if (handle >= MSI_COUNT || !table.state[handle].routed) return false;
    volatile uint32_t *entry = &table.message[table.state[handle].table][handle];
    const bool cut = table.state[handle].cut, close = !open && table.state[handle].taken, present = *entry & PRESENT;
    if (open ? !present : close && present) {
        *entry ^= PRESENT;
        forget(table.state[handle].source);
    }
    table.state[handle].cut = close;
    table.state[handle].taken = !open;
    return open && cut;
}
