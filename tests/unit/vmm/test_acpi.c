#include "acpi.h"
#include "boot.h"
#include "fakes.h"
#include "unit.h"

static struct memory memory;

static uint8_t sum(const uint8_t *bytes, uint32_t len)
{
    uint8_t total = 0;
    for (uint32_t i = 0; i < len; i++) {
        total = (uint8_t)(total + bytes[i]);
    }
    return total;
}

static const uint8_t *at(uint64_t address)
{
    const uint8_t *bytes = memory_at(&memory, gpa(address), 1);
    CHECK(bytes != NULL);
    return bytes;
}

/* Signature, length and checksum; answers the table. */
static const uint8_t *table(uint64_t address, const char *signature)
{
    const uint8_t *bytes = at(address);
    CHECK(memcmp(bytes, signature, 4) == 0);
    CHECK(load_u32(bytes + 4) >= 36 && load_u32(bytes + 4) < 4096);
    CHECK_EQ(sum(bytes, load_u32(bytes + 4)), 0);
    return bytes;
}

static void test_acpi__rsdp_is_found_by_scanning(void)
{
    uint32_t found = 0;
    for (uint64_t address = 0xe0000; address < 0x100000; address += 16) {
        if (memcmp(at(address), "RSD PTR ", 8) == 0) {
            found++;
            CHECK_EQ(sum(at(address), 20), 0);
            CHECK_EQ(sum(at(address), 36), 0);
        }
    }
    CHECK_EQ(found, 1);
}

static void test_acpi__tables_hang_together(void)
{
    const uint8_t *rsdp = at(LAYOUT_ACPI);
    const uint8_t *rsdt = table(load_u32(rsdp + 16), "RSDT");
    const uint8_t *xsdt = table(load_u64(rsdp + 24), "XSDT");
    CHECK_EQ(load_u32(rsdt + 36), load_u64(xsdt + 36));
    const uint8_t *fadt = table(load_u64(xsdt + 36), "FACP");
    const uint8_t *madt = table(load_u64(xsdt + 44), "APIC");
    (void)table(load_u64(fadt + 140), "DSDT");
    CHECK(memcmp(at(load_u32(fadt + 36)), "FACS", 4) == 0);
    CHECK_EQ(load_u32(fadt + 36) % 64, 0);
    CHECK_EQ(load_u32(fadt + 4), 276);
    CHECK_EQ(load_u32(fadt + 76), 0x608);
    CHECK_EQ(load_u64(fadt + 208 + 4), 0x608);
    CHECK_EQ(load_u32(fadt + 112) & (1u << 20), 0); /* not hardware-reduced */
    uint32_t end = load_u32(madt + 4), offset = 44;
    while (offset < end) {
        CHECK(madt[offset + 1] >= 6);
        offset += madt[offset + 1] < 6 ? 6u : madt[offset + 1];
    }
    CHECK_EQ(offset, end);
}

/* The package lengths in the hand-written AML; iasl -d shows the same. */
static void test_acpi__dsdt_packages_end_where_the_table_ends(void)
{
    const uint8_t *fadt = at(load_u64(at(load_u64(at(LAYOUT_ACPI) + 24)) + 36));
    const uint8_t *dsdt = at(load_u64(fadt + 140));
    uint32_t len = load_u32(dsdt + 4), scope = 36 + 13;
    CHECK_EQ(dsdt[36 + 5], 0x12);           /* Package */
    CHECK_EQ(36 + 6 + dsdt[36 + 6], scope); /* ends where Scope begins */
    CHECK_EQ(dsdt[scope], 0x10);
    CHECK_EQ(scope + 1 + (dsdt[scope + 1] & 0xfu) + (uint32_t)dsdt[scope + 2] * 16, len);
}

/* With a bus there is a second scope behind the first, and both end where they say. */
static void test_acpi__a_bus_adds_a_host_bridge(void)
{
    gpa_t rsdp;
    CHECK(acpi_write(&memory, true, &rsdp));
    test_acpi__tables_hang_together();
    const uint8_t *fadt = at(load_u64(at(load_u64(at(LAYOUT_ACPI) + 24)) + 36));
    const uint8_t *dsdt = at(load_u64(fadt + 140));
    uint32_t len = load_u32(dsdt + 4), scope = 36 + 13;
    scope += 1 + (dsdt[scope + 1] & 0xfu) + (uint32_t)dsdt[scope + 2] * 16;
    CHECK_EQ(dsdt[scope], 0x10);
    CHECK_EQ(scope + 1 + (dsdt[scope + 1] & 0xfu) + (uint32_t)dsdt[scope + 2] * 16, len);
    CHECK_EQ(dsdt[scope + 8], 0x82); /* the device in it ends there, too */
    CHECK_EQ(scope + 9 + (dsdt[scope + 9] & 0xfu) + (uint32_t)dsdt[scope + 10] * 16, len);
    CHECK(memcmp(dsdt + scope + 11, "PCI0", 4) == 0);
}

int main(void)
{
    gpa_t rsdp;
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    if (!acpi_write(&memory, false, &rsdp) || rsdp.value != LAYOUT_ACPI) {
        return 1;
    }
    RUN(test_acpi__rsdp_is_found_by_scanning);
    RUN(test_acpi__tables_hang_together);
    RUN(test_acpi__dsdt_packages_end_where_the_table_ends);
    RUN(test_acpi__a_bus_adds_a_host_bridge);
    fake_memory_free(&memory);
    return UNIT_RESULT();
}
