#include "ata.h"

#include <stubs.h>

static uint32_t slot_of(const struct ata *ata, uint16_t port)
{
    return port == ATA_CONTROL ? ata->control_slot : ata->ports_slot;
}

/* A port that may not be read floats. */
uint8_t ata_in(const struct ata *ata, uint16_t port)
{
    uint32_t value;
    return ioport_in(slot_of(ata, port), port, 1, &value) == OK ? (uint8_t)value : UINT8_MAX;
}

void ata_out(const struct ata *ata, uint16_t port, uint8_t value)
{
    (void)!ioport_out(slot_of(ata, port), port, 1, value);
}

/* The register has 16 bits; the host's side of the channel makes two accesses of one of 32, and that is half the calls. */
uint32_t ata_in_data(const struct ata *ata)
{
    uint32_t value;
    return ioport_in(ata->ports_slot, ATA_DATA, 4, &value) == OK ? value : UINT32_MAX;
}

void ata_out_data(const struct ata *ata, uint32_t value)
{
    (void)!ioport_out(ata->ports_slot, ATA_DATA, 4, value);
}
