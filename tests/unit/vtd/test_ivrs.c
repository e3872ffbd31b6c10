/* hw/ivrs.c: the table of AMD-Vi's units, which firmware may have spoiled in any way. */
#include "hw/amdvi.h"
#include "tables.h"

enum { BASE = 0xfed80000, HANDLE = 2, UNIT_SOURCE = 0x18, CAPABILITY = 0x40, IOAPIC_AT = 0xa0 };

static struct amdvi read;
static uint32_t ivrs_bytes;

static const char *units(void)
{
    REASON(ivrs_read(&read, &window, 0, HANDLE));
    return reason;
}

static void ivrs_fresh(void)
{
    tables_fresh();
    memset(memory + TABLE, 0, 512);
    ivrs_bytes = 48;
    table(TABLE, "IVRS", ivrs_bytes);
}

/* A block of @bytes; returns where it stands. */
static uint32_t block(uint32_t type, uint32_t bytes)
{
    const uint32_t at = TABLE + ivrs_bytes;

    put8(at, type);
    put16(at + 2, bytes);
    ivrs_bytes += bytes;
    table(TABLE, "IVRS", ivrs_bytes);
    return at;
}

/* A unit with three entries: a device, one of eight bytes, the IOAPIC @handle. */
static uint32_t unit(uint64_t base, uint32_t handle)
{
    const uint32_t at = block(0x10, 24 + 4 + 8 + 8);

    put16(at + 4, UNIT_SOURCE);
    put16(at + 6, CAPABILITY);
    put64(at + 8, base);
    put8(at + 24, 2);
    put8(at + 28, 0x42);
    put8(at + 36, 0x48);
    put8(at + 40, handle);
    put16(at + 41, IOAPIC_AT);
    put8(at + 43, 1);
    table(TABLE, "IVRS", ivrs_bytes);
    return at;
}

static void test_ivrs__reads_units_and_the_ioapics_source(void)
{
    ivrs_fresh();
    block(0x20, 32); /* memory that firmware wants for itself: ignored */
    unit(BASE, HANDLE + 1);
    unit(BASE + 0x4000, HANDLE);
    CHECK_TEXT(units(), NULL);
    CHECK(read.units == 2 && read.ioapic_source == IOAPIC_AT);
    CHECK(read.unit[0].base == BASE && read.unit[1].base == BASE + 0x4000);
    CHECK(read.unit[1].source == UNIT_SOURCE && read.unit[1].capability == CAPABILITY);
}

static void test_ivrs__refuses_a_machine_without(void)
{
    uint32_t at;

    ivrs_fresh();
    put(TABLE, "XVRS", 4);
    CHECK_TEXT(units(), "the machine has no AMD-Vi: ACPI lists no IVRS");
    ivrs_fresh();
    CHECK_TEXT(units(), "IVRS: there is no unit");
    unit(BASE, HANDLE + 1);
    CHECK_TEXT(units(), "IVRS: no unit has the IOAPIC");
    ivrs_fresh();
    at = unit(BASE, HANDLE);
    put8(at + 43, 2); /* a timer */
    table(TABLE, "IVRS", ivrs_bytes);
    CHECK_TEXT(units(), "IVRS: no unit has the IOAPIC");
    put8(at + 43, 1);
    put16(at + 41, AMDVI_SOURCES); /* on a bus that the device table has not */
    table(TABLE, "IVRS", ivrs_bytes);
    CHECK_TEXT(units(), "IVRS: no unit has the IOAPIC");
}

static void test_ivrs__refuses_blocks_that_are_cut_off(void)
{
    static const uint32_t lengths[] = {0, 3, 1000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t at = (ivrs_fresh(), unit(BASE, HANDLE));

        put16(at + 2, lengths[i]);
        table(TABLE, "IVRS", ivrs_bytes);
        CHECK_TEXT(units(), "IVRS: a block is cut off");
    }
    ivrs_fresh();
    unit(BASE, HANDLE);
    table(TABLE, "IVRS", ivrs_bytes + 3);
    CHECK_TEXT(units(), "IVRS: a block is cut off");
    ivrs_fresh();
    block(0x10, 23);
    CHECK_TEXT(units(), "IVRS: a unit is cut off");
}

static void test_ivrs__refuses_entries_that_are_cut_off(void)
{
    static const uint8_t types[] = {0x40, 0x80, 0xff};

    for (size_t i = 0; i < sizeof types; i++) {
        const uint32_t at = (ivrs_fresh(), block(0x10, 28));

        put64(at + 8, BASE);
        put8(at + 24, types[i]);
        table(TABLE, "IVRS", ivrs_bytes);
        CHECK_TEXT(units(), "IVRS: a device entry is cut off");
    }
}

static void test_ivrs__refuses_units_without_a_place_and_too_many(void)
{
    static const uint64_t bases[] = {0, BASE + 1, BASE + 0x1000, 1ull << 52};
    uint32_t at;

    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        ivrs_fresh();
        unit(bases[i], HANDLE);
        CHECK_TEXT(units(), "IVRS: a unit has no place");
    }
    ivrs_fresh();
    at = unit(BASE, HANDLE);
    put16(at + 16, 1);
    table(TABLE, "IVRS", ivrs_bytes);
    CHECK_TEXT(units(), "IVRS: a unit of another PCI segment");
    ivrs_fresh();
    for (uint32_t i = 0; i < AMDVI_UNITS; i++)
        unit(BASE + i * 0x4000, HANDLE);
    CHECK_TEXT(units(), NULL);
    unit(BASE + AMDVI_UNITS * 0x4000, HANDLE);
    CHECK_TEXT(units(), "IVRS: more units than the kernel can drive");
}

int main(void)
{
    RUN(test_ivrs__reads_units_and_the_ioapics_source);
    RUN(test_ivrs__refuses_a_machine_without);
    RUN(test_ivrs__refuses_blocks_that_are_cut_off);
    RUN(test_ivrs__refuses_entries_that_are_cut_off);
    RUN(test_ivrs__refuses_units_without_a_place_and_too_many);
    return UNIT_RESULT();
}
