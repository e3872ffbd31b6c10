/* [PCI-3.0] 6.8.2; messages: [SDM-2023-09] Vol 3A 11.11. */
#include "msix.h"

#define CONTROL_ENABLE 0x8000u
#define CONTROL_MASK 0x4000u
#define ENTRY_MASKED 1u

#define ADDRESS_PREFIX 0xfee00000u
#define ADDRESS_LOGICAL 0x4u
#define MODE_FIXED 0u
#define MODE_LOWEST 1u
#define MODE_NMI 4u

void msix_init(struct msix *msix, uint32_t count)
{
    *msix = (struct msix){.count = count};
    for (uint32_t i = 0; i < MSIX_VECTORS; i++) {
        msix->entry[i].control = ENTRY_MASKED;
    }
}

/* What is not an interrupt message for this processor is a write to nowhere. */
static bool send(const struct msix_entry *entry, struct lapic *lapic)
{
    uint8_t destination = (uint8_t)(entry->address >> 12);
    if ((entry->address & 0xfff00000u) != ADDRESS_PREFIX || entry->address_high != 0 ||
        !lapic_matches(lapic, destination, (entry->address & ADDRESS_LOGICAL) != 0)) {
        return false;
    }
    switch (entry->data >> 8 & 7u) {
    case MODE_FIXED:
    case MODE_LOWEST:
        lapic_accept(lapic, (uint8_t)entry->data, false);
        return true;
    case MODE_NMI:
        lapic->nmi = true;
        return true;
    default:
        return false;
    }
}

bool msix_raise(struct msix *msix, uint32_t vector, struct lapic *lapic)
{
    if (vector >= msix->count || !msix->enabled) {
        return false;
    }
    if (msix->masked || (msix->entry[vector].control & ENTRY_MASKED) != 0) {
        msix->pending |= 1u << vector;
        return false;
    }
    return send(&msix->entry[vector], lapic);
}

/* After a mask was lifted. */
static bool send_pending(struct msix *msix, struct lapic *lapic)
{
    uint32_t pending = msix->pending;
    bool sent = false;
    msix->pending = 0;
    for (uint32_t i = 0; i < msix->count; i++) {
        if ((pending >> i & 1u) != 0) {
            sent = msix_raise(msix, i, lapic) || sent;
        }
    }
    return sent;
}

uint32_t msix_read(const struct msix *msix, uint32_t offset)
{
    const struct msix_entry *entry = &msix->entry[offset / 16 % MSIX_VECTORS];
    if (offset == MSIX_PENDING_AT) {
        return msix->pending;
    }
    if (offset / 16 >= msix->count) {
        return 0;
    }
    const uint32_t words[4] = {entry->address, entry->address_high, entry->data, entry->control};
    return words[offset / 4 % 4];
}

bool msix_write(struct msix *msix, uint32_t offset, uint32_t value, struct lapic *lapic)
{
    struct msix_entry *entry = &msix->entry[offset / 16 % MSIX_VECTORS];
    if (offset / 16 >= msix->count) {
        return false;
    }
    switch (offset / 4 % 4) {
    case 0:
        entry->address = value & ~3u;
        return false;
    case 1:
        entry->address_high = value;
        return false;
    case 2:
        entry->data = value;
        return false;
    default:
        entry->control = value & ENTRY_MASKED;
        return entry->control == 0 && send_pending(msix, lapic);
    }
}

uint16_t msix_control(const struct msix *msix)
{
    return (uint16_t)((msix->count - 1) | (msix->enabled ? CONTROL_ENABLE : 0) |
                      (msix->masked ? CONTROL_MASK : 0));
}

bool msix_set_control(struct msix *msix, uint16_t value, struct lapic *lapic)
{
    msix->enabled = (value & CONTROL_ENABLE) != 0;
    msix->masked = (value & CONTROL_MASK) != 0;
    return msix->enabled && !msix->masked && send_pending(msix, lapic);
}
