/* AMD-Vi: registers, and the files that drive them. All units work with the same device table. */
#pragma once

#include "hw/window.h"

/* [AMD-IOMMU-3.08] 3.4 */
enum { AMDVI_DEVICES = 0x00, AMDVI_COMMANDS = 0x08, AMDVI_EVENTS = 0x10, AMDVI_CONTROL = 0x18, AMDVI_FEATURES = 0x30 };
enum { AMDVI_COMMAND_HEAD = 0x2000, AMDVI_COMMAND_TAIL = 0x2008, AMDVI_EVENT_HEAD = 0x2010, AMDVI_EVENT_TAIL = 0x2018 };
enum { AMDVI_STATUS = 0x2020, AMDVI_BYTES = 0x4000, STATUS_OVERFLOW = 1 << 0, STATUS_EVENT = 1 << 1, EVENTS = 256 };
enum { CONTROL_ON = 1 << 0, CONTROL_LOG = 1 << 2, CONTROL_TELL = 1 << 3, CONTROL_COHERENT = 1 << 10, CONTROL_COMMANDS = 1 << 12 };

/* [AMD-IOMMU-3.08] 2.4: the number in bits 60 to 63 of the first word. */
struct amdvi_command {
    uint64_t low, high;
};
enum { COMMAND_WAIT = 1, COMMAND_DEVICE = 2, COMMAND_PAGES = 3, COMMAND_INTERRUPTS = 5, COMMAND_ALL = 8 };

enum { AMDVI_UNITS = 4, AMDVI_BUSES = 64, AMDVI_SOURCES = AMDVI_BUSES * 256 };

struct amdvi_unit {
    volatile uint8_t *registers;
    uint64_t base;
    uint16_t source, capability; /* the unit as a PCI function */
    uint32_t tail, event;        /* positions in its command buffer and event log */
    uint64_t sequence;
    struct amdvi_command *log; /* where its events stand */
};

struct amdvi {
    struct amdvi_unit unit[AMDVI_UNITS];
    uint32_t units;
    uint16_t ioapic_source;
};
extern struct amdvi amdvi;

/* A device table entry: [AMD-IOMMU-3.08] 2.2.2.1. */
struct amdvi_device {
    uint64_t dma, domain, interrupts, reserved;
};

/* Registers are 64 bits wide and taken as a whole. */
static inline uint64_t amdvi_read(const struct amdvi_unit *unit, uint32_t at)
{
    return *(const volatile uint64_t *)(const volatile void *)(unit->registers + at);
}
static inline void amdvi_write(const struct amdvi_unit *unit, uint32_t at, uint64_t value)
{
    *(volatile uint64_t *)(volatile void *)(unit->registers + at) = value;
}

/* ivrs.c: as dmar_read. */
void ivrs_read(struct amdvi *to, const struct window *memory, uint64_t rsdp, uint32_t ioapic_id);
/* amdvi.c: have every unit carry out @commands and wait until all have; panics if one never does. */
void amdvi_invalidate(const struct amdvi_command *commands, uint32_t count);
/* amdvi_dma.c: what the device table's register wants to hear; nothing is allowed in it. */
uint64_t amdvi_device_table(void);
struct amdvi_device *amdvi_device_of(uint16_t source);
/* Its entry changed. */
void amdvi_forget(uint16_t source);
/* amdvi_irq.c: let the IOAPIC send what its lines' entries allow. */
void amdvi_irq_init(void);
