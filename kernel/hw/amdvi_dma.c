/* AMD-Vi: the device table, and the log of events. */
#include "hw/amdvi.h"
#include "base/panic.h"
#include "hw/dma.h"
#include "hw/memory.h"
#include "hw/x86.h"

/* [AMD-IOMMU-3.08] 2.2.2.1: translation is on (without tables for what is closed, so that the permissions, none, decide), page faults are
 * told or not, interrupts go by the table or are blocked, refused ones in silence. */
enum { VALID = 3, FOUR_LEVELS = 4 << 9, INTERRUPTS_VALID = 1, INTERRUPTS_SILENT = 1 << 5 };
#define PERMISSIONS (3ull << 61)
#define SILENT (1ull << 34)
#define ALL_PAGES 0x7ffffffffffff003ull
/* [AMD-IOMMU-3.08] 2.5 */
enum { EVENT_PAGE_FAULT = 2, EVENT_SHIFT = 60, FLAGS_SHIFT = 48 };

static struct amdvi_device devices[AMDVI_SOURCES] __attribute__((aligned(PAGE_BYTES)));

uint64_t amdvi_device_table(void)
{
    for (uint32_t i = 0; i < AMDVI_SOURCES; i++)
        if (devices[i].dma == 0) devices[i] = (struct amdvi_device){VALID, SILENT, INTERRUPTS_VALID | INTERRUPTS_SILENT, 0};
    return image_to_phys(devices).value | (sizeof devices / PAGE_BYTES - 1);
}

struct amdvi_device *amdvi_device_of(uint16_t source) { return source < AMDVI_SOURCES ? &devices[source] : NULL; }

void amdvi_forget(uint16_t source) { amdvi_invalidate(&(struct amdvi_command){(uint64_t)COMMAND_DEVICE << 60 | source, 0}, 1); }

void dma_flush(uint32_t domain)
{
    amdvi_invalidate(&(struct amdvi_command){(uint64_t)COMMAND_PAGES << 60 | (uint64_t)domain << 32, ALL_PAGES}, 1);
}

enum error dma_attach_check(uint16_t source) { return source < AMDVI_SOURCES ? OK : ERR_LIMIT; }

static void device_set(uint16_t source, uint64_t dma, uint64_t domain)
{
    struct amdvi_device *device = amdvi_device_of(source);
    volatile uint64_t *first = &device->dma;
    ASSERT(device);
    *first = VALID; /* hardware never sees half of one and half of another */
    device->domain = domain;
    *first = dma;
    amdvi_forget(source);
}

void dma_attach(uint16_t source, uint32_t domain, hpa_t root)
{
    device_set(source, root.value | VALID | FOUR_LEVELS | PERMISSIONS, domain);
    dma_flush(domain);
}

void dma_detach(uint16_t source, uint32_t domain)
{
    device_set(source, VALID, SILENT);
    dma_flush(domain);
}

void dma_report(uint16_t source, bool wanted)
{
    struct amdvi_device *device = amdvi_device_of(source);
    ASSERT(device);
    device->domain = wanted ? device->domain & ~SILENT : device->domain | SILENT;
    amdvi_forget(source);
}

/* Take the oldest event of @unit; an event that is no page fault counts by its number. */
static bool event_take(struct amdvi_unit *unit, struct dma_fault *fault)
{
    if (amdvi_read(unit, AMDVI_EVENT_TAIL) == unit->event * sizeof *unit->log) return false;
    volatile struct amdvi_command *event = &unit->log[unit->event];
    const uint64_t low = event->low;
    fault->address = event->high;
    fault->source = (uint16_t)low;
    fault->reason = (uint32_t)(low >> FLAGS_SHIFT);
    unit->event = (unit->event + 1) % EVENTS;
    amdvi_write(unit, AMDVI_EVENT_HEAD, unit->event * sizeof *unit->log);
    return true;
}

bool dma_fault(struct dma_fault *fault)
{
    for (uint32_t i = 0; i < amdvi.units; i++) {
        amdvi_write(&amdvi.unit[i], AMDVI_STATUS, STATUS_EVENT); /* before looking: what comes then tells again */
        if (event_take(&amdvi.unit[i], fault)) return true;
    }
    return false;
}
