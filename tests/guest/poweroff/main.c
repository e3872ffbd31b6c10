/* A clean power-off through ACPI's PM1a control block ends with status 0. The block's port comes from the FADT.
 * [ACPI-6.5] 4.8.3.2.1 PM1 control, 5.2.9 FADT. */
#include <guest.h>

static bool starts(const char *at, const char *word)
{
    while (*word != '\0')
        if (*at++ != *word++)
            return false;
    return true;
}

static const char *find_rsdp(void)
{
    for (const char *at = (const char *)0xe0000; at < (const char *)0x100000; at += 16)
        if (starts(at, "RSD PTR "))
            return at;
    verdict(false, "the RSDP is found by scanning 0xe0000-0xfffff");
}

static uint64_t load(const char *at, unsigned bytes)
{
    uint64_t value = 0;
    __builtin_memcpy(&value, at, bytes);
    return value;
}

static const char *find_table(const char *rsdp, const char *signature)
{
    const char *const xsdt = (const char *)load(rsdp + 24, 8);
    const uint64_t bytes = load(xsdt + 4, 4);
    expect(starts(xsdt, "XSDT") && bytes >= 36 && bytes < 4096, "the XSDT is well formed");
    for (uint64_t offset = 36; offset + 8 <= bytes; offset += 8) {
        const char *const table = (const char *)load(xsdt + offset, 8);
        if (starts(table, signature))
            return table;
    }
    verdict(false, "the table is in the XSDT");
}

static void try_sleep_register(const char *fadt)
{
    /* Hardware-reduced: SLEEP_CONTROL_REG, a generic address at 244. SLP_EN is bit 5, SLP_TYP bits 2-4. */
    const uint64_t space = load(fadt + 244, 1);
    const uint64_t address = load(fadt + 248, 8);
    print_value("sleep control", address);
    if (space == 1 && address != 0)
        for (unsigned type = 0; type < 8; type++)
            out8((uint16_t)address, (uint8_t)(1u << 5 | type << 2));
}

void test(void)
{
    const char *const fadt = find_table(find_rsdp(), "FACP");
    const uint64_t control = load(fadt + 64, 4);
    print_value("pm1a control", control);
    if (control != 0)
        for (unsigned type = 0; type < 8; type++)
            out16((uint16_t)control, (uint16_t)(1u << 13 | type << 10));
    if (load(fadt, 4) != 0 && load(fadt + 4, 4) >= 256)
        try_sleep_register(fadt);
    verdict(false, "the machine is still on");
}
