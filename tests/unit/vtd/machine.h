/* Remapping units of memory: registers that do what [VT-d-4.1] 11.4 says of them, a queue that carries requests out, and a log of both. */
#ifndef MACHINE_H
#define MACHINE_H

#include "hw/dma.h"
#include "hw/iomem.h"
#include "hw/iommu.h"
#include "hw/ioapic.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/serial.h"
#include "hw/vectors.h"
#include "hw/vtd.h"
#include "hw/x86.h"
#include "tables.h"

enum { UNITS = 2, REQUESTS = 64, IOAPIC_NUMBER = 2, APIC_NUMBER = 5, RECORDS_AT = 0x200, RECORDS = 2 };
#define CAP_GOOD                                                                        \
    (6ull | 1ull << 10 | 47ull << 16 | (uint64_t)(RECORDS_AT / 16) << 24 | 3ull << 34 | \
     (uint64_t)(RECORDS - 1) << 40)
#define ECAP_GOOD (1ull | 1ull << 1 | 1ull << 3)

struct model {
    union {
        uint8_t byte[4096];
        uint32_t word[1024];
        uint64_t wide[512];
    };
    char log[64]; /* a letter for each command; capital: on */
    struct vtd_request request[REQUESTS];
    uint32_t requests, head;
    bool deaf, stuck, wrong; /* commands are ignored; the queue does not move; it refuses */
};
static struct model model[UNITS];
static uint32_t ioapic_select_value;
static uint8_t ioapic_page[32];
static unsigned lines_flushed;
static char lacking[512];

static void *image_pointer(uint64_t pa)
{
    return (void *)(pa + KERNEL_VIRTUAL);
}

static struct model *model_of(const volatile void *address, uint32_t *at)
{
    for (uint32_t i = 0; i < UNITS; i++) {
        const volatile uint8_t *base = model[i].byte, *where = address;

        if (where >= base && where < base + 4096) {
            *at = (uint32_t)(where - base);
            return &model[i];
        }
    }
    return NULL;
}

uint32_t mmio_read32(const volatile void *address)
{
    uint32_t at;
    const struct model *unit = model_of(address, &at);

    if (unit)
        return unit->word[at / 4];
    CHECK(address == ioapic_page + 16 && ioapic_select_value == 0);
    return IOAPIC_NUMBER << 24;
}

static void log_letter(struct model *unit, char letter)
{
    const size_t used = strlen(unit->log);

    if (used + 1 < sizeof unit->log)
        unit->log[used] = letter;
}

static void command(struct model *unit, uint32_t value)
{
    static const struct {
        uint32_t bit;
        char letter; /* small: switched off */
    } bits[] = {{31, 'T'}, {26, 'Q'}, {25, 'N'}, {23, 'C'}};
    uint32_t *status = &unit->word[VTD_GSTS / 4];

    if (unit->deaf)
        return;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        const uint32_t bit = 1u << bits[i].bit;

        if ((value & bit) != (*status & bit))
            log_letter(unit, (value & bit) ? bits[i].letter : (char)(bits[i].letter | 32));
        *status = (*status & ~bit) | (value & bit);
    }
    if (value & 1u << 30) {
        log_letter(unit, 'R');
        *status |= 1u << 30;
    }
    if (value & 1u << 24) {
        log_letter(unit, 'I');
        *status |= 1u << 24;
    }
}

/* Carry out all that was appended. */
static void queue_run(struct model *unit)
{
    const struct vtd_request *queue = image_pointer(unit->wide[VTD_IQA / 8]);

    if (!(unit->word[VTD_GSTS / 4] & 1u << 26) || unit->stuck)
        return;
    if (unit->wrong)
        unit->word[VTD_FSTS / 4] |= 1 << 4;
    for (; unit->head != unit->word[VTD_IQT / 4] / 16 && !unit->wrong; unit->head = (unit->head + 1) % 256) {
        const struct vtd_request *request = &queue[unit->head];

        unit->request[unit->requests++ % REQUESTS] = *request;
        if ((request->low & 15) == 5) {
            CHECK(request->low & 1 << 5);
            *(uint32_t *)image_pointer(request->high) = (uint32_t)(request->low >> 32);
        } else if (strchr(unit->log, 'T') == NULL) {
            log_letter(unit, (char)('0' + (request->low & 15)));
        }
    }
}

void mmio_write32(volatile void *address, uint32_t value)
{
    uint32_t at;
    struct model *unit = model_of(address, &at);

    if (!unit) {
        CHECK(address == ioapic_page);
        ioapic_select_value = value;
        return;
    }
    if (at == VTD_GCMD) {
        command(unit, value);
    } else if (at == VTD_FSTS) {
        unit->word[at / 4] &= ~value;
    } else if (at == VTD_PMEN) {
        unit->word[at / 4] = value;
    } else if (at >= RECORDS_AT && (at - RECORDS_AT) % 16 == 12) {
        unit->word[at / 4] &= ~(value & 1u << 31);
    } else {
        CHECK(at != VTD_CAP && at != VTD_ECAP && at != VTD_GSTS);
        unit->word[at / 4] = value;
    }
    if (at == VTD_IQT)
        queue_run(unit);
    if (at == VTD_IQT + 4 && !(unit->word[VTD_GSTS / 4] & 1u << 26))
        unit->head = 0;
}

void cache_line_flush(const void *address)
{
    (void)address;
    lines_flushed++;
}

void memory_fence(void)
{
}

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    CHECK_EQ(leaf, 1);
    return (struct cpuid){.ebx = APIC_NUMBER << 24};
}

void *mmio_map(hpa_t pa, uint64_t size)
{
    if (pa.value == IOAPIC_BASE) {
        CHECK_EQ(size, 32);
        return ioapic_page;
    }
    CHECK(size == 4096 && (pa.value == DRHD_BASE || pa.value == DRHD_BASE + 0x1000));
    return model[(pa.value - DRHD_BASE) / 4096].byte;
}

static uint64_t withheld[UNITS];
static uint32_t withheld_count;
static bool iomem_told;

void iomem_init(const struct boot *boot)
{
    iomem_told = boot->range_count != 0;
    withheld_count = 0;
}
void iomem_withhold(uint64_t base)
{
    CHECK(withheld_count < UNITS);
    withheld[withheld_count++] = base;
}

bool machine_lacks(const char *feature)
{
    strcat(lacking, feature);
    strcat(lacking, ";");
    return false;
}

/* Two units, the second of another segment, as a machine is switched on. */
static inline void machine_fresh(void)
{
    memset(model, 0, sizeof model);
    memset(lacking, 0, sizeof lacking);
    for (uint32_t i = 0; i < UNITS; i++) {
        model[i].wide[VTD_CAP / 8] = CAP_GOOD;
        model[i].wide[VTD_ECAP / 8] = ECAP_GOOD;
        model[i].word[VTD_FECTL / 4] = 1u << 31;
    }
    tables_fresh();
    dmar_unit(DRHD_BASE, 0, IOAPIC_NUMBER);
    dmar_unit(DRHD_BASE + 0x1000, 1, 256);
}

#endif
