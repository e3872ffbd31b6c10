/* [IOAPIC-82093AA] Intel 290566-001, section 3. */
#include "ioapic.h"

#include "lapic.h"

#define REG_SELECT 0x00u
#define REG_WINDOW 0x10u
#define REG_EOI 0x40u /* version 0x20: end of interrupt by vector */
#define INDEX_ID 0x00u
#define INDEX_VERSION 0x01u
#define INDEX_ARBITRATION 0x02u
#define INDEX_ENTRIES 0x10u
#define VERSION_VALUE (0x20u | (IOAPIC_PINS - 1) << 16)

#define ENTRY_LOGICAL (UINT64_C(1) << 11)
#define ENTRY_REMOTE_IRR (UINT64_C(1) << 14)
#define ENTRY_LEVEL (UINT64_C(1) << 15)
#define ENTRY_MASKED (UINT64_C(1) << 16)
#define ENTRY_READ_ONLY (UINT64_C(1) << 12 | ENTRY_REMOTE_IRR)
#define ENTRY_WRITABLE (UINT64_C(0xff000000000000ff) | UINT64_C(0x1af00))

void ioapic_init(struct ioapic *ioapic)
{
    *ioapic = (struct ioapic){0};
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        ioapic->entry[i] = ENTRY_MASKED;
    }
}

static uint32_t read_window(const struct ioapic *ioapic)
{
    switch (ioapic->select) {
    case INDEX_ID:
    case INDEX_ARBITRATION:
        return ioapic->id;
    case INDEX_VERSION:
        return VERSION_VALUE;
    default:
        break;
    }
    uint32_t index = ioapic->select - INDEX_ENTRIES;
    if (ioapic->select < INDEX_ENTRIES || index >= 2 * IOAPIC_PINS) {
        return UINT32_MAX;
    }
    return (uint32_t)(ioapic->entry[index / 2] >> (index % 2 * 32));
}

uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset)
{
    switch (offset) {
    case REG_SELECT:
        return ioapic->select;
    case REG_WINDOW:
        return read_window(ioapic);
    default:
        return UINT32_MAX;
    }
}

static void write_entry(struct ioapic *ioapic, uint32_t index, uint32_t value)
{
    uint64_t *entry = &ioapic->entry[index / 2];
    unsigned shift = index % 2 * 32;
    uint64_t half = UINT64_C(0xffffffff) << shift;
    uint64_t merged = (*entry & ~half) | (uint64_t)value << shift;
    *entry = (merged & ENTRY_WRITABLE) | (*entry & ENTRY_READ_ONLY);
    if ((*entry & ENTRY_LEVEL) == 0) {
        *entry &= ~ENTRY_REMOTE_IRR;
    }
}

void ioapic_end(struct ioapic *ioapic, uint8_t vector)
{
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        if ((uint8_t)ioapic->entry[i] == vector && (ioapic->entry[i] & ENTRY_LEVEL) != 0) {
            ioapic->entry[i] &= ~ENTRY_REMOTE_IRR;
        }
    }
}

static void write_window(struct ioapic *ioapic, uint32_t value)
{
    uint32_t index = ioapic->select - INDEX_ENTRIES;
    if (ioapic->select == INDEX_ID) {
        ioapic->id = value & 0x0f000000u;
    } else if (ioapic->select >= INDEX_ENTRIES && index < 2 * IOAPIC_PINS) {
        write_entry(ioapic, index, value);
    }
}

void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case REG_SELECT:
        ioapic->select = value & 0xffu;
        return;
    case REG_WINDOW:
        write_window(ioapic, value);
        return;
    case REG_EOI:
        ioapic_end(ioapic, (uint8_t)value);
        return;
    default:
        return;
    }
}

void ioapic_set_line(struct ioapic *ioapic, unsigned pin, bool level)
{
    uint32_t bit = 1u << pin % 32u;
    if (pin >= IOAPIC_PINS) {
        return;
    }
    if (level && (ioapic->lines & bit) == 0) {
        ioapic->edges |= bit;
    }
    ioapic->lines = level ? ioapic->lines | bit : ioapic->lines & ~bit;
}

static void deliver_pin(struct ioapic *ioapic, unsigned pin, struct lapic *lapic)
{
    uint64_t *entry = &ioapic->entry[pin];
    bool level = (*entry & ENTRY_LEVEL) != 0;
    uint32_t bit = 1u << pin;
    bool asks =
        level ? (ioapic->lines & bit) != 0 && (*entry & ENTRY_REMOTE_IRR) == 0 : (ioapic->edges & bit) != 0;
    if (!asks || (*entry & ENTRY_MASKED) != 0) {
        return;
    }
    ioapic->edges &= ~bit;
    if (!lapic_matches(lapic, (uint8_t)(*entry >> 56), (*entry & ENTRY_LOGICAL) != 0)) {
        return;
    }
    switch (*entry >> 8 & 7u) {
    case 0: /* fixed */
    case 1: /* lowest priority: there is one processor */
        lapic_accept(lapic, (uint8_t)*entry, level);
        if (level) {
            *entry |= ENTRY_REMOTE_IRR;
        }
        return;
    case 4:
        lapic->nmi = true;
        return;
    default: /* SMI, INIT: ignored; ExtINT: the 8259 pair is wired to LINT0, not here */
        return;
    }
}

void ioapic_deliver(struct ioapic *ioapic, struct lapic *lapic)
{
    if ((ioapic->lines | ioapic->edges) == 0) {
        return;
    }
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        deliver_pin(ioapic, pin, lapic);
    }
}
