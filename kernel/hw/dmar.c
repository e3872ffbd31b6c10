/* The table DMAR: [VT-d-4.1] 8.1 to 8.3. */
#include "base/panic.h"
#include "hw/acpi.h"
#include "hw/vtd.h"

enum { TYPE_UNIT = 0, SCOPE_IOAPIC = 3, FLAG_INTERRUPTS = 1 };

struct dmar {
    struct acpi_header header;
    uint8_t address_width, flags, reserved[10];
} __attribute__((packed));
_Static_assert(sizeof(struct dmar) == 48, "[VT-d-4.1] 8.1");

struct structure {
    uint16_t type, bytes;
} __attribute__((packed));

struct drhd {
    struct structure head;
    uint8_t flags, size;
    uint16_t segment;
    uint64_t base;
} __attribute__((packed));
_Static_assert(sizeof(struct drhd) == 16, "[VT-d-4.1] 8.3");

/* A device, by its bus and a path of device and function. */
struct scope {
    uint8_t type, bytes, flags, reserved, id, bus, device, function;
} __attribute__((packed));

static void scopes_read(struct vtd *to, const struct window *memory, uint64_t at, uint64_t end, uint32_t ioapic_id)
{
    struct scope scope;
    for (; at < end; at += scope.bytes) {
        if (end - at < sizeof scope || !window_read(memory, at, &scope, sizeof scope) || scope.bytes < sizeof scope ||
            scope.bytes > end - at)
            panic("DMAR: a device scope is cut off");
        if (scope.type != SCOPE_IOAPIC || scope.id != ioapic_id) continue;
        if (scope.bytes != sizeof scope) panic("DMAR: the IOAPIC is behind a bridge");
        to->ioapic_source = (uint16_t)(scope.bus << 8 | (scope.device & 31) << 3 | (scope.function & 7));
    }
}

static void unit_read(struct vtd *to, const struct window *memory, uint64_t at, uint64_t bytes, uint32_t ioapic_id)
{
    struct drhd drhd;
    if (bytes < sizeof drhd || !window_read(memory, at, &drhd, sizeof drhd)) panic("DMAR: a unit is cut off");
    if (drhd.base == 0 || drhd.base % PAGE_BYTES != 0 || drhd.base >> 52 != 0) panic("DMAR: a unit has no place");
    if (to->units == VTD_UNITS) panic("DMAR: more units than the kernel can drive");
    to->unit[to->units++] = (struct vtd_unit){.base = drhd.base, .other_segment = drhd.segment != 0};
    if (drhd.segment == 0) scopes_read(to, memory, at + sizeof drhd, at + bytes, ioapic_id);
}

void dmar_read(struct vtd *to, const struct window *memory, uint64_t rsdp, uint32_t ioapic_id)
{
    struct structure head;
    struct dmar dmar;
    uint32_t bytes;
    const uint64_t table = acpi_find(memory, rsdp, "DMAR", &bytes);
    if (table == 0) panic("the machine has no VT-d: ACPI lists no DMAR");
    if (bytes < sizeof dmar || !window_read(memory, table, &dmar, sizeof dmar)) panic("DMAR is cut off");
    if (!(dmar.flags & FLAG_INTERRUPTS)) panic("DMAR: the platform does not support interrupt remapping");
    to->units = 0;
    to->ioapic_source = 0;
    for (uint64_t at = table + sizeof dmar, end = table + bytes; at < end; at += head.bytes) {
        if (end - at < sizeof head || !window_read(memory, at, &head, sizeof head) || head.bytes < sizeof head ||
            head.bytes > end - at)
            panic("DMAR: a structure is cut off");
        if (head.type == TYPE_UNIT) unit_read(to, memory, at, head.bytes, ioapic_id);
        /* Of the others, RMRR above all, none is honoured: what firmware wants to reach by DMA it does not reach. */
    }
    if (to->units == 0) panic("DMAR: there is no unit");
    if (to->ioapic_source == 0) panic("DMAR: no unit has the IOAPIC");
}
