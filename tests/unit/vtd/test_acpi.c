/* hw/acpi.c and hw/dmar.c: tables that firmware may have spoiled in any way. */
#include "hw/vtd.h"
#include "tables.h"

enum { LONG = 0x20000 };
static uint64_t found;
static uint32_t length;
static struct vtd read;

static const char *find(uint64_t rsdp)
{
    REASON(found = acpi_find(&window, rsdp, "DMAR", &length));
    return reason;
}

static const char *units(void)
{
    REASON(dmar_read(&read, &window, 0, 2));
    return reason;
}

static void test_acpi__finds_a_table_from_either_list(void)
{
    tables_fresh();
    CHECK_TEXT(find(0), NULL);
    CHECK(found == TABLE && length == 48);
    put64(XSDT + 44, 0xffffffffff); /* XSDT counts from revision 2 on, and an address outside is no table */
    table(XSDT, "XSDT", 52);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, 0);
    put8(RSDP + 15, 0);
    sum(RSDP, 20, RSDP + 8);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, TABLE);
}

static void test_acpi__looks_where_a_bios_or_the_loader_puts_the_root(void)
{
    tables_fresh();
    memcpy(memory + 0x3000, memory + RSDP, 36);
    memset(memory + RSDP, 0, 36);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, 0);
    CHECK_TEXT(find(0x3000), NULL);
    CHECK_EQ(found, TABLE);
    put16(0x40e, 0x4f0); /* the EBDA, 16-byte aligned within its first KiB */
    memcpy(memory + 0x4f00 + 1024, memory + 0x3000, 36);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, 0);
    memcpy(memory + 0x4f00 + 1008, memory + 0x3000, 36);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, TABLE);
    memory[0x4f00 + 1008 + 19]++; /* a signature alone is no root */
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, 0);
}

static void test_acpi__refuses_a_spoiled_root(void)
{
    static const char malformed[] = "the ACPI root pointer is malformed";

    tables_fresh();
    CHECK_TEXT(find(MEMORY - 8), malformed);
    CHECK_TEXT(find(UINT64_MAX), malformed);
    memory[RSDP + 33]++;
    CHECK_TEXT(find(RSDP), malformed);
    memory[RSDP + 33]--;
    memory[RSDP + 9]++;
    CHECK_TEXT(find(RSDP), malformed);
    tables_fresh();
    put8(RSDP + 15, 0); /* the old part's sum alone */
    CHECK_TEXT(find(RSDP), malformed);
    tables_fresh();
    table(XSDT, "RSDT", 52);
    CHECK_TEXT(find(0), "the ACPI root pointer leads to no list of tables");
    tables_fresh();
    put8(RSDP + 15, 0);
    sum(RSDP, 20, RSDP + 8);
    table(RSDT, "XSDT", 44);
    CHECK_TEXT(find(0), "the ACPI root pointer leads to no list of tables");
}

static void test_acpi__refuses_spoiled_tables(void)
{
    static const uint32_t lengths[] = {0, 35, (1 << 20) + 1, UINT32_MAX};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        tables_fresh();
        put32(TABLE + 4, lengths[i]);
        CHECK_TEXT(find(0), "an ACPI table has an impossible length");
        tables_fresh();
        put32(XSDT + 4, lengths[i]);
        CHECK_TEXT(find(0), "an ACPI table has an impossible length");
    }
    tables_fresh();
    memory[TABLE + 40]++;
    CHECK_TEXT(find(0), "an ACPI table is cut off, or its checksum is wrong");
    tables_fresh();
    put32(TABLE + 4, 1 << 20); /* longer than memory behind it */
    CHECK_TEXT(find(0), "an ACPI table is cut off, or its checksum is wrong");
    tables_fresh();
    put64(RSDP + 24, MEMORY - 20);
    sum(RSDP, 20, RSDP + 8);
    sum(RSDP, 36, RSDP + 32);
    CHECK_TEXT(find(0), "an ACPI table is outside memory");
}

/* As many as the list's length says, and no more than anybody has. */
static void test_acpi__lists_are_bounded(void)
{
    tables_fresh();
    table(XSDT, "XSDT", 36 + 8 + 7);
    CHECK_TEXT(find(0), NULL);
    CHECK_EQ(found, 0);
    tables_fresh();
    put64(RSDP + 24, LONG);
    sum(RSDP, 20, RSDP + 8);
    sum(RSDP, 36, RSDP + 32);
    for (uint32_t last = 255; last <= 256; last++) {
        for (uint32_t i = 0; i < 300; i++)
            put64(LONG + 36 + i * 8, i == last ? TABLE : OTHER);
        table(LONG, "XSDT", 36 + 300 * 8);
        CHECK_TEXT(find(0), NULL);
        CHECK_EQ(found, last == 255 ? TABLE : 0);
    }
}

static void test_dmar__reads_units_and_the_ioapics_source(void)
{
    tables_fresh();
    dmar_unit(DRHD_BASE + 0x1000, 0, 256);
    dmar_add(1, 24); /* an RMRR: ignored */
    dmar_unit(DRHD_BASE, 0, 2);
    dmar_unit(DRHD_BASE + 0x2000, 1, 2); /* another segment's IOAPIC is not ours */
    put8(TABLE + dmar_bytes - 3, 0x11);
    table(TABLE, "DMAR", dmar_bytes);
    CHECK_TEXT(units(), NULL);
    CHECK_EQ(read.units, 3);
    CHECK_EQ(read.ioapic_source, IOAPIC_SOURCE);
    CHECK(read.unit[0].base == DRHD_BASE + 0x1000 && !read.unit[0].other_segment);
    CHECK(read.unit[1].base == DRHD_BASE && !read.unit[1].other_segment);
    CHECK(read.unit[2].base == DRHD_BASE + 0x2000 && read.unit[2].other_segment);
}

static void test_dmar__refuses_a_machine_without(void)
{
    tables_fresh();
    put(TABLE, "XMAR", 4);
    CHECK_TEXT(units(), "the machine has no VT-d: ACPI lists no DMAR");
    tables_fresh();
    CHECK_TEXT(units(), "DMAR: there is no unit");
    dmar_unit(DRHD_BASE, 0, 3);
    CHECK_TEXT(units(), "DMAR: no unit has the IOAPIC");
    tables_fresh();
    dmar_unit(DRHD_BASE, 0, 2);
    put8(TABLE + 37, 0);
    table(TABLE, "DMAR", dmar_bytes);
    CHECK_TEXT(units(), "DMAR: the platform does not support interrupt remapping");
}

static void test_dmar__refuses_structures_that_are_cut_off(void)
{
    static const uint32_t lengths[] = {0, 3, 1000};
    uint32_t at;

    tables_fresh();
    table(TABLE, "DMAR", 47);
    CHECK_TEXT(units(), "DMAR is cut off");
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        tables_fresh();
        at = dmar_unit(DRHD_BASE, 0, 2);
        put16(at + 2, lengths[i]);
        table(TABLE, "DMAR", dmar_bytes);
        CHECK_TEXT(units(), "DMAR: a structure is cut off");
    }
    tables_fresh();
    dmar_unit(DRHD_BASE, 0, 2);
    table(TABLE, "DMAR", dmar_bytes + 3);
    CHECK_TEXT(units(), "DMAR: a structure is cut off");
    tables_fresh();
    dmar_add(0, 15);
    CHECK_TEXT(units(), "DMAR: a unit is cut off");
}

static void test_dmar__refuses_scopes_that_are_cut_off(void)
{
    static const uint32_t lengths[] = {0, 7, 9, 255};
    uint32_t at;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        tables_fresh();
        at = dmar_unit(DRHD_BASE, 0, 2);
        put8(at + 17, lengths[i]);
        table(TABLE, "DMAR", dmar_bytes);
        CHECK_TEXT(units(), "DMAR: a device scope is cut off");
    }
    tables_fresh();
    at = dmar_add(0, 20);
    put64(at + 8, DRHD_BASE);
    table(TABLE, "DMAR", dmar_bytes);
    CHECK_TEXT(units(), "DMAR: a device scope is cut off");
    tables_fresh();
    at = dmar_add(0, 26);
    put64(at + 8, DRHD_BASE);
    put32(at + 16, 0x0a03);
    put8(at + 20, 2);
    table(TABLE, "DMAR", dmar_bytes);
    CHECK_TEXT(units(), "DMAR: the IOAPIC is behind a bridge");
}

static void test_dmar__refuses_units_without_a_place_and_too_many(void)
{
    static const uint64_t bases[] = {0, DRHD_BASE + 1, DRHD_BASE + 0x800, 1ull << 52};

    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        tables_fresh();
        dmar_unit(bases[i], 0, 2);
        CHECK_TEXT(units(), "DMAR: a unit has no place");
    }
    tables_fresh();
    for (uint32_t i = 0; i < VTD_UNITS; i++)
        dmar_unit(DRHD_BASE + i * 0x1000, 0, 2);
    CHECK_TEXT(units(), NULL);
    dmar_unit(DRHD_BASE + VTD_UNITS * 0x1000, 0, 2);
    CHECK_TEXT(units(), "DMAR: more units than the kernel can drive");
}

int main(void)
{
    RUN(test_acpi__finds_a_table_from_either_list);
    RUN(test_acpi__looks_where_a_bios_or_the_loader_puts_the_root);
    RUN(test_acpi__refuses_a_spoiled_root);
    RUN(test_acpi__refuses_spoiled_tables);
    RUN(test_acpi__lists_are_bounded);
    RUN(test_dmar__reads_units_and_the_ioapics_source);
    RUN(test_dmar__refuses_a_machine_without);
    RUN(test_dmar__refuses_structures_that_are_cut_off);
    RUN(test_dmar__refuses_scopes_that_are_cut_off);
    RUN(test_dmar__refuses_units_without_a_place_and_too_many);
    return UNIT_RESULT();
}
