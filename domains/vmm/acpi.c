/* [ACPI-6.5] 5.2: RSDP, RSDT, XSDT, FADT, FACS, MADT; 20: AML, by hand, for the few names we need. */
#include "acpi.h"

#include <string.h>

#include "boot.h"
#include "ioapic.h"
#include "lapic.h"
#include "pci.h"
#include "pit.h"
#include "pm.h"

#define RSDP_AT LAYOUT_ACPI
#define RSDT_AT (LAYOUT_ACPI + 0x040)
#define XSDT_AT (LAYOUT_ACPI + 0x080)
#define FADT_AT (LAYOUT_ACPI + 0x100)
#define MADT_AT (LAYOUT_ACPI + 0x280)
#define FACS_AT (LAYOUT_ACPI + 0x340)
#define DSDT_AT (LAYOUT_ACPI + 0x400)
#define TABLES_BYTES 0x1000u

#define HEADER_BYTES 36u
#define FADT_BYTES 276u
#define RSDP_BYTES 36u

struct table {
    uint8_t *at;
    uint32_t len;
};

static uint8_t checksum(const uint8_t *bytes, uint32_t len)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return (uint8_t)(0u - sum);
}

static struct table begin(uint8_t *base, uint64_t address, const char *signature, uint8_t revision)
{
    struct table table = {base + (address - LAYOUT_ACPI), HEADER_BYTES};
    memcpy(table.at, signature, 4);
    table.at[8] = revision;
    memcpy(table.at + 10, "BULKHD", 6);
    memcpy(table.at + 16, "BULKHEAD", 8);
    store_u32(table.at + 24, 1);
    memcpy(table.at + 28, "BKHD", 4);
    store_u32(table.at + 32, 1);
    return table;
}

static void append(struct table *table, const void *bytes, uint32_t len)
{
    memcpy(table->at + table->len, bytes, len);
    table->len += len;
}

static void finish(struct table *table)
{
    store_u32(table->at + 4, table->len);
    table->at[9] = 0;
    table->at[9] = checksum(table->at, table->len);
}

/* Generic address structure, 5.2.3.2, in I/O space. */
static void store_port(uint8_t *at, unsigned bits, unsigned access, uint64_t port)
{
    at[0] = 1;
    at[1] = (uint8_t)bits;
    at[2] = 0;
    at[3] = (uint8_t)access;
    store_u64(at + 4, port);
}

/* 5.2.9. Not hardware-reduced: PM1 and the PM timer are there; ACPI mode is always on (SMI_CMD = 0). */
static void write_fadt(uint8_t *base)
{
    struct table fadt = begin(base, FADT_AT, "FACP", 6);
    uint8_t *t = fadt.at;
    fadt.len = FADT_BYTES;
    store_u32(t + 36, (uint32_t)FACS_AT);
    store_u32(t + 40, (uint32_t)DSDT_AT);
    t[46] = PM_IRQ;
    store_u32(t + 56, PM_PORT_EVENT);
    store_u32(t + 64, PM_PORT_CONTROL);
    store_u32(t + 76, PM_PORT_TIMER);
    t[88] = 4; /* bytes of the event block, of control, of the timer */
    t[89] = 2;
    t[91] = 4;
    t[96] = 0xff; /* C2, C3 latency: not there */
    t[97] = 0x0f;
    t[98] = 0xff;
    t[99] = 0x0f;
    t[108] = 0x32; /* century in CMOS */
    t[109] = 0x04; /* IAPC_BOOT_ARCH: no VGA; no 8042, no legacy devices beyond */
    store_u32(t + 112, 1u | 1u << 4 | 1u << 5 | 1u << 8 |
                           1u << 10); /* WBINVD, no buttons, TMR_VAL_EXT, reset register */
    store_port(t + 116, 8, 1, PM_PORT_RESET);
    t[128] = PM_RESET_VALUE;
    t[131] = 5; /* minor version */
    store_u64(t + 140, DSDT_AT);
    store_port(t + 148, 32, 2, PM_PORT_EVENT);
    store_port(t + 172, 16, 2, PM_PORT_CONTROL);
    store_port(t + 208, 32, 3, PM_PORT_TIMER);
    finish(&fadt);
}

/* 5.2.12: one processor, one IOAPIC, the PIT on pin 2, the SCI level-triggered, NMI on LINT1. */
static void write_madt(uint8_t *base)
{
    static const uint8_t processor[] = {0, 8, 0, 0, 1, 0, 0, 0};
    static const uint8_t pit[] = {2, 10, 0, PIT_IRQ, 2, 0, 0, 0, 0, 0};
    static const uint8_t sci[] = {2, 10, 0, PM_IRQ, PM_IRQ, 0, 0, 0, 0x0d, 0};
    static const uint8_t nmi[] = {4, 6, 0xff, 0, 0, 1};
    uint8_t ioapic[12] = {1, 12, 0, 0};
    uint8_t head[8];
    struct table madt = begin(base, MADT_AT, "APIC", 5);
    store_u32(head, (uint32_t)LAPIC_PAGE);
    store_u32(head + 4, 1); /* PCAT_COMPAT: an 8259 pair too */
    store_u32(ioapic + 4, (uint32_t)IOAPIC_PAGE);
    store_u32(ioapic + 8, 0);
    append(&madt, head, sizeof head);
    append(&madt, processor, sizeof processor);
    append(&madt, ioapic, sizeof ioapic);
    append(&madt, pit, sizeof pit);
    append(&madt, sci, sizeof sci);
    append(&madt, nmi, sizeof nmi);
    finish(&madt);
}

/* Name (\_S5_, Package (4) {5, 0, 0, 0})
 * Scope (\_SB) { Device (CPU0) { Name (_HID, "ACPI0007") Name (_UID, 0) }
 *                Device (COM1) { Name (_HID, EisaId ("PNP0501")) Name (_UID, 1) Name (_CRS, ResourceTemplate ()
 *                    { IO (Decode16, 0x3f8, 0x3f8, 0, 8) IRQNoFlags () {4} }) } } */
static const uint8_t dsdt_code[] = {
    0x08, '_',  'S',  '5',  '_',  0x12, 0x07, 0x04, 0x0a, PM_SLEEP_S5, 0x00, 0x00, 0x00, 0x10, 0x4f, 0x04,
    '_',  'S',  'B',  '_',  0x5b, 0x82, 0x1a, 'C',  'P',  'U',         '0',  0x08, '_',  'H',  'I',  'D',
    0x0d, 'A',  'C',  'P',  'I',  '0',  '0',  '0',  '7',  0x00,        0x08, '_',  'U',  'I',  'D',  0x00,
    0x5b, 0x82, 0x2b, 'C',  'O',  'M',  '1',  0x08, '_',  'H',         'I',  'D',  0x0c, 0x41, 0xd0, 0x05,
    0x01, 0x08, '_',  'U',  'I',  'D',  0x01, 0x08, '_',  'C',         'R',  'S',  0x11, 0x10, 0x0a, 0x0d,
    0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x00, 0x08, 0x22, 0x10,        0x00, 0x79, 0x00,
};

/* Only where there is something on the bus:
 * Scope (\_SB) { Device (PCI0) { Name (_HID, EisaId ("PNP0A03")) Name (_UID, 0) Name (_BBN, 0) Name (_CRS, ResourceTemplate ()
 *     { WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)
 *       IO (Decode16, 0xcf8, 0xcf8, 1, 8)
 *       WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0xc000, 0xcfff, 0, 0x1000)
 *       DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
 *                    0, 0xe0000000, 0xe00fffff, 0, 0x100000) }) } }
 * No _PRT: INTx is not offered. */
static const uint8_t dsdt_pci[] = {
    0x10, 0x42, 0x07, '_',  'S',  'B',  '_',  0x5b, 0x82, 0x4a, 0x06, 'P',  'C',  'I',  '0',  0x08, '_',
    'H',  'I',  'D',  0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x08, '_',  'U',  'I',  'D',  0x00, 0x08, '_',  'B',
    'B',  'N',  0x00, 0x08, '_',  'C',  'R',  'S',  0x11, 0x48, 0x04, 0x0a, 0x44, 0x88, 0x0d, 0x00, 0x02,
    0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x47, 0x01, 0xf8, 0x0c, 0xf8,
    0x0c, 0x01, 0x08, 0x88, 0x0d, 0x00, 0x01, 0x0c, 0x03, 0x00, 0x00, 0x00, 0xc0, 0xff, 0xcf, 0x00, 0x00,
    0x00, 0x10, 0x87, 0x17, 0x00, 0x00, 0x0c, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0xff,
    0xff, 0x0f, 0xe0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x79, 0x00,
};
_Static_assert(PCI_IO_BASE == 0xc000 && PCI_MEMORY_BASE == 0xe0000000, "the windows above hold the BARs");

static void write_dsdt(uint8_t *base, bool pci)
{
    struct table dsdt = begin(base, DSDT_AT, "DSDT", 2);
    append(&dsdt, dsdt_code, sizeof dsdt_code);
    if (pci) {
        append(&dsdt, dsdt_pci, sizeof dsdt_pci);
    }
    finish(&dsdt);
}

static void write_facs(uint8_t *base)
{
    uint8_t *t = base + (FACS_AT - LAYOUT_ACPI);
    memcpy(t, "FACS", 4);
    store_u32(t + 4, 64);
    t[32] = 2;
}

static void write_root(uint8_t *base)
{
    struct table rsdt = begin(base, RSDT_AT, "RSDT", 1);
    uint8_t entries[16];
    store_u32(entries, (uint32_t)FADT_AT);
    store_u32(entries + 4, (uint32_t)MADT_AT);
    append(&rsdt, entries, 8);
    finish(&rsdt);
    struct table xsdt = begin(base, XSDT_AT, "XSDT", 1);
    store_u64(entries, FADT_AT);
    store_u64(entries + 8, MADT_AT);
    append(&xsdt, entries, 16);
    finish(&xsdt);
}

/* 5.2.5.3 */
static void write_rsdp(uint8_t *base)
{
    uint8_t *t = base + (RSDP_AT - LAYOUT_ACPI);
    memcpy(t, "RSD PTR ", 8);
    memcpy(t + 9, "BULKHD", 6);
    t[15] = 2;
    store_u32(t + 16, (uint32_t)RSDT_AT);
    store_u32(t + 20, RSDP_BYTES);
    store_u64(t + 24, XSDT_AT);
    t[8] = checksum(t, 20);
    t[32] = checksum(t, RSDP_BYTES);
}

bool acpi_write(struct memory *memory, bool pci, gpa_t *rsdp)
{
    uint8_t *base = memory_at(memory, gpa(LAYOUT_ACPI), TABLES_BYTES);
    if (base == NULL) {
        return false;
    }
    memset(base, 0, TABLES_BYTES);
    write_root(base);
    write_fadt(base);
    write_madt(base);
    write_facs(base);
    write_dsdt(base, pci);
    write_rsdp(base);
    *rsdp = gpa(RSDP_AT);
    return true;
}
