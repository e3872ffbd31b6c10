/* hw/acpi.c: honest and malformed firmware tables in 2 MiB of memory. */
#include <setjmp.h>
#include <stdlib.h>

#include "base/panic.h"
#include "hw/acpi.h"
#include "hw/ioapic.h"
#include "unit.h"

enum { MEMORY = 2 << 20, RSDP = 0xe0010, ROOT = 0x100000, MADT = 0x101000, HEADER = 36 };

static uint8_t *bytes;
static uint32_t madt_bytes;

/* What was found. */
static struct {
    uint32_t ioapics, overrides, gsi_base, gsi;
    uint64_t base;
    bool level, active_low;
} found;

void ioapic_add(hpa_t base, uint32_t gsi_base)
{
    found.ioapics++;
    found.base = base.value;
    found.gsi_base = gsi_base;
}

void ioapic_override(uint32_t gsi, uint32_t flags)
{
    found.overrides++;
    found.gsi = gsi;
    found.level = flags & IOAPIC_LEVEL;
    found.active_low = flags & IOAPIC_ACTIVE_LOW;
}

/* A refusal ends the boot: here it ends acpi_read. */
static jmp_buf refused;
static const char *reason;
void panic(const char *text)
{
    reason = text;
    longjmp(refused, 1);
}

static void put32(uint32_t at, uint32_t value)
{
    memcpy(bytes + at, &value, 4);
}

static void seal(uint32_t at, uint32_t length, uint32_t checksum_at)
{
    uint8_t sum = 0;
    bytes[at + checksum_at] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes[at + i]);
    bytes[at + checksum_at] = (uint8_t)-sum;
}

static void table_start(uint32_t at, const char *signature)
{
    memcpy(bytes + at, signature, 4);
}

static void table_seal(uint32_t at, uint32_t length)
{
    put32(at + 4, length);
    seal(at, length, 9);
}

static void entry_add(const uint8_t *entry, uint32_t length)
{
    memcpy(bytes + MADT + madt_bytes, entry, length);
    madt_bytes += length;
    table_seal(MADT, madt_bytes);
}

static void rsdp_make(uint8_t revision)
{
    memcpy(bytes + RSDP, "RSD PTR ", 8);
    bytes[RSDP + 15] = revision;
    put32(RSDP + 16, ROOT);
    put32(RSDP + 20, 36);
    put32(RSDP + 24, revision < 2 ? 0 : ROOT);
    seal(RSDP, 20, 8);
    seal(RSDP, 36, 32);
}

/* One processor, one IOAPIC, the timer's override: version 1 tables. */
static void start(void)
{
    static const uint8_t processor[8] = {0, 8, 0, 3, 1}, ioapic[12] = {1, 12, 0, 0, 0, 0, 0xc0, 0xfe};
    static const uint8_t override[10] = {2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0};
    memset(bytes, 0, MEMORY);
    rsdp_make(0);
    table_start(ROOT, "RSDT");
    put32(ROOT + HEADER, ROOT); /* something else before the MADT: the root itself */
    put32(ROOT + HEADER + 4, MADT);
    table_seal(ROOT, HEADER + 8);
    table_start(MADT, "APIC");
    put32(MADT + HEADER, 0xfee00000);
    madt_bytes = HEADER + 8;
    entry_add(processor, sizeof processor);
    entry_add(ioapic, sizeof ioapic);
    entry_add(override, sizeof override);
}

static const char *read_at(uint64_t rsdp)
{
    const struct window memory = {bytes, MEMORY};
    memset(&found, 0, sizeof found);
    reason = NULL;
    if (setjmp(refused) == 0)
        acpi_read(&memory, rsdp);
    return reason;
}

static void test_acpi__reads_ioapics_and_overrides(void)
{
    static const uint8_t second[12] = {1, 12, 0, 0, 0, 0x10, 0xc0, 0xfe, 24},
                         edge[10] = {2, 10, 0, 0, 2, 0, 0, 0, 0x0d};
    start();
    CHECK_TEXT(read_at(0), NULL);
    CHECK_EQ(found.ioapics, 1);
    CHECK_EQ(found.base, 0xfec00000);
    CHECK_EQ(found.gsi_base, 0);
    CHECK_EQ(found.overrides, 1);
    CHECK(found.gsi == 9 && found.level && found.active_low);
    entry_add(second, sizeof second);
    entry_add(edge, sizeof edge);
    CHECK_TEXT(read_at(0), NULL);
    CHECK_EQ(found.ioapics, 2);
    CHECK_EQ(found.base, 0xfec01000);
    CHECK_EQ(found.gsi_base, 24);
    CHECK(found.gsi == 2 && found.level && !found.active_low);
}

static void test_acpi__version_2_uses_the_xsdt(void)
{
    start();
    rsdp_make(2);
    table_start(ROOT, "XSDT");
    put32(ROOT + HEADER, MADT);
    put32(ROOT + HEADER + 4, 0);
    table_seal(ROOT, HEADER + 8);
    CHECK_TEXT(read_at(RSDP), NULL);
    bytes[RSDP + 33]++;
    CHECK_TEXT(read_at(RSDP), "ACPI: RSDP is malformed");
}

static void test_acpi__refuses_a_bad_rsdp(void)
{
    start();
    bytes[RSDP + 10] ^= 1;
    CHECK_TEXT(read_at(0), "ACPI: no RSDP");
    CHECK_TEXT(read_at(RSDP), "ACPI: RSDP is malformed");
    CHECK_TEXT(read_at(MEMORY - 8), "ACPI: RSDP is malformed");
    CHECK_TEXT(read_at(UINT64_MAX), "ACPI: RSDP is malformed");
}

static void test_acpi__the_ebda_is_searched_within_memory(void)
{
    start();
    memmove(bytes + 0x9fc10, bytes + RSDP, 20);
    memset(bytes + RSDP, 0, 20);
    bytes[0x40e] = 0xc0;
    bytes[0x40f] = 0x9f;
    CHECK_TEXT(read_at(0), NULL);
}

static void test_acpi__refuses_a_bad_root_table(void)
{
    const uint32_t lengths[] = {0, HEADER - 1, MEMORY, UINT32_MAX};
    for (uint32_t i = 0; i < 4; i++) {
        start();
        put32(ROOT + 4, lengths[i]);
        CHECK_TEXT(read_at(RSDP), "ACPI: root table is malformed");
    }
    start();
    bytes[ROOT + HEADER]++;
    CHECK_TEXT(read_at(RSDP), "ACPI: root table is malformed");
    start();
    put32(ROOT + HEADER + 4, UINT32_MAX);
    table_seal(ROOT, HEADER + 8);
    CHECK_TEXT(read_at(RSDP), "ACPI: no MADT");
    start();
    put32(RSDP + 16, MEMORY - 4);
    seal(RSDP, 20, 8);
    CHECK_TEXT(read_at(RSDP), "ACPI: root table is malformed");
}

static void test_acpi__refuses_a_bad_madt(void)
{
    start();
    bytes[MADT + 40]++;
    CHECK_TEXT(read_at(RSDP), "ACPI: MADT has a wrong length or checksum");
    start();
    for (uint32_t length = HEADER; length <= HEADER + 8 + 8; length++) { /* up to the processor's entry */
        start();
        table_seal(MADT, length);
        CHECK_TEXT(read_at(RSDP), length <= HEADER + 8 || length == HEADER + 16 ? "ACPI: MADT names no IOAPIC"
                                  : length == HEADER + 9 ? "ACPI: MADT entry is cut off"
                                                         : "ACPI: MADT entry has a wrong length");
    }
}

static void test_acpi__refuses_bad_madt_entries(void)
{
    const uint8_t lengths[] = {0, 1, 11, 255};
    for (uint32_t i = 0; i < 4; i++) {
        start();
        bytes[MADT + HEADER + 8 + 8 + 1] = lengths[i]; /* the IOAPIC's */
        table_seal(MADT, madt_bytes);
        CHECK_TEXT(read_at(RSDP), "ACPI: MADT entry has a wrong length");
    }
    start();
    table_seal(MADT, madt_bytes + 1);
    CHECK_TEXT(read_at(RSDP), "ACPI: MADT entry is cut off");
    start();
    table_seal(MADT, madt_bytes + 4); /* type 0, length 0: would never end */
    CHECK_TEXT(read_at(RSDP), "ACPI: MADT entry has a wrong length");
    for (uint8_t length = 0; length < 2; length++) {
        const uint8_t unknown[2] = {0x7f, length};
        start();
        entry_add(unknown, 2);
        CHECK_TEXT(read_at(RSDP), "ACPI: MADT entry has a wrong length");
    }
    static const uint8_t ioapic[12] = {1, 12}, override[10] = {2, 9};
    start();
    entry_add(override, sizeof override);
    CHECK_TEXT(read_at(RSDP), "ACPI: MADT entry has a wrong length");
    start();
    for (uint32_t n = 1; n < 8; n++)
        entry_add(ioapic, sizeof ioapic);
    CHECK_TEXT(read_at(RSDP), NULL);
    entry_add(ioapic, sizeof ioapic);
    CHECK_TEXT(read_at(RSDP), "ACPI: more IOAPICs than the kernel can map");
    CHECK_EQ(found.ioapics, 8);
}

/* Random damage with checksums put right: any answer, but no stray access and no endless loop. */
static void test_acpi__survives_random_damage(void)
{
    srand(1);
    for (uint32_t round = 0; round < 3000; round++) {
        start();
        for (uint32_t i = 0; i < 3; i++) {
            const uint32_t at = ((round & 1) ? MADT : ROOT) + (uint32_t)rand() % 80;
            bytes[at] = (uint8_t)rand();
        }
        seal(ROOT, HEADER + 8, 9);
        seal(MADT, madt_bytes, 9);
        CHECK(read_at(RSDP) || (found.ioapics >= 1 && found.ioapics <= 8));
    }
}

int main(void)
{
    bytes = malloc(MEMORY);
    RUN(test_acpi__reads_ioapics_and_overrides);
    RUN(test_acpi__version_2_uses_the_xsdt);
    RUN(test_acpi__refuses_a_bad_rsdp);
    RUN(test_acpi__the_ebda_is_searched_within_memory);
    RUN(test_acpi__refuses_a_bad_root_table);
    RUN(test_acpi__refuses_a_bad_madt);
    RUN(test_acpi__refuses_bad_madt_entries);
    RUN(test_acpi__survives_random_damage);
    free(bytes);
    return UNIT_RESULT();
}
