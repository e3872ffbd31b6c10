/* IVRS with damage (acpi_damage.h). Whatever is accepted is a list of units that can exist, and an IOAPIC in reach of their
 * device table. */
#include "acpi_damage.h"
#include "hw/amdvi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A unit at FED8_0000 with the IOAPIC of this number. */
enum { IOAPIC = 2 };
static const uint8_t unit[32] = {0x10, 0,    32,          0, 0x18, 0, 0x40,   0,    0, 0,
                                 0xd8, 0xfe, [24] = 0x48, 0, 0,    0, IOAPIC, 0xa0, 0, 1};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct amdvi read;

    if (!tables_from(data, size, "IVRS", unit, sizeof unit))
        return 0;
    if (setjmp(refused) == 0)
        ivrs_read(&read, &window, 0, IOAPIC);
    if (reason)
        return 0;
    must(read.units >= 1 && read.units <= AMDVI_UNITS);
    must(read.ioapic_source != 0 && read.ioapic_source < AMDVI_SOURCES);
    for (uint32_t i = 0; i < read.units; i++)
        must(read.unit[i].base != 0 && read.unit[i].base % AMDVI_BYTES == 0 && read.unit[i].base >> 52 == 0);
    return 0;
}
