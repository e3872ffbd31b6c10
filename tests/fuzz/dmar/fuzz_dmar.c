/* DMAR with damage (acpi_damage.h). Whatever is accepted is a list of units that exist. */
#include "acpi_damage.h"
#include "hw/vtd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A unit at FED9_0000 with the IOAPIC of this number. */
enum { IOAPIC = 2 };
static const uint8_t unit[24] = {0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0xd9, 0xfe, [16] = 3, 8, 0, 0, IOAPIC, 0xff};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vtd read;

    if (!tables_from(data, size, "DMAR", unit, sizeof unit))
        return 0;
    if (setjmp(refused) == 0)
        dmar_read(&read, &window, 0, IOAPIC);
    if (reason)
        return 0;
    must(read.units >= 1 && read.units <= VTD_UNITS && read.ioapic_source != 0);
    for (uint32_t i = 0; i < read.units; i++)
        must(read.unit[i].base != 0 && read.unit[i].base % 4096 == 0);
    return 0;
}
