/* hw/amdvi.c, amdvi_dma.c, amdvi_irq.c: units are made to block everything, then what is asked for is opened and closed again. A unit's
 * registers are memory; its commands are carried out at the fence before its tail moves. */
#include "hw/amdvi.h"
#include "hw/dma.h"
#include "hw/iomem.h"
#include "hw/iommu.h"
#include "hw/ioapic.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/serial.h"
#include "hw/vectors.h"
#include "hw/x86.h"
#include "tables.h"

enum {
    BASE = 0xfed80000,
    APIC_NUMBER = 5,
    IOAPIC_NUMBER = 2,
    IOAPIC_AT = 0xa0,
    SOURCE = 0x3a8,
    NEIGHBOUR = 0x3b0,
    UNIT_AT = 0x18
};
enum { CLOSED = 3, SILENT_INTERRUPTS = 0x21 };
#define SILENT (1ull << 34)

static union {
    uint8_t byte[AMDVI_BYTES];
    uint64_t wide[AMDVI_BYTES / 8];
} registers;
static uint8_t ioapic_page[32];
static uint32_t config[64], config_at;
static struct amdvi_command carried[64];
static uint32_t commands, head;
static bool stuck;
static uint32_t withheld_count;
static char lacking[128];
static struct boot boot;

static void *image_pointer(uint64_t pa)
{
    return (void *)(pa + KERNEL_VIRTUAL);
}

void memory_fence(void)
{
    struct amdvi_command *queue = image_pointer(registers.wide[AMDVI_COMMANDS / 8] & 0xffffffffff000);

    while (!stuck && queue[head].low >> 60 != 0) {
        const struct amdvi_command command = queue[head];

        queue[head] = (struct amdvi_command){0, 0};
        head = (head + 1) % 256;
        carried[commands++ % 64] = command;
        if (command.low >> 60 == 1) {
            CHECK(command.low & 1);
            *(uint64_t *)image_pointer(command.low & 0xffffffffffff8) = command.high;
        }
    }
}

uint32_t mmio_read32(const volatile void *address)
{
    CHECK(address == ioapic_page + 16);
    return IOAPIC_NUMBER << 24;
}
void mmio_write32(volatile void *address, uint32_t value)
{
    CHECK(address == ioapic_page && value == 0);
}
void cache_line_flush(const void *address)
{
    (void)address;
}
void out32(uint16_t port, uint32_t value)
{
    if (port == 0xcf8) {
        CHECK_EQ(value >> 8, 0x800000 | UNIT_AT);
        config_at = value & 0xff;
    } else {
        config[config_at / 4] = value;
    }
}
uint32_t in32(uint16_t port)
{
    CHECK_EQ(port, 0xcfc);
    return config[config_at / 4];
}
struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)leaf, (void)subleaf;
    return (struct cpuid){.ebx = APIC_NUMBER << 24};
}
void *mmio_map(hpa_t pa, uint64_t size)
{
    if (pa.value == IOAPIC_BASE)
        return ioapic_page;
    CHECK(pa.value == BASE && size == AMDVI_BYTES);
    return registers.byte;
}
bool machine_lacks(const char *feature)
{
    strcat(lacking, feature);
    return false;
}
void iomem_init(const struct boot *from)
{
    (void)from;
    withheld_count = 0;
}
void iomem_withhold(uint64_t base)
{
    CHECK(base == BASE + withheld_count++ * 4096);
}

static const char *start(void)
{
    memset(&amdvi, 0, sizeof amdvi);
    head = 0;
    REASON(iommu_init(&window, &boot));
    return reason;
}

static void machine_fresh(void)
{
    memset(&registers, 0, sizeof registers);
    memset(config, 0, sizeof config);
    memset(lacking, 0, sizeof lacking);
    stuck = false;
    registers.wide[AMDVI_FEATURES / 8] = 1 << 6;
    config[0x34 / 4] = 0x40;
    config[0x40 / 4] = 0x5000 | 0xf;         /* another capability first */
    config[0x50 / 4] = 1 << 23 | 0x0000 | 5; /* a message with a wide address */
    tables_fresh();
    memset(memory + TABLE, 0, 512);
    put8(TABLE + 48, 0x10);
    put16(TABLE + 50, 24 + 8);
    put16(TABLE + 52, UNIT_AT);
    put64(TABLE + 56, BASE);
    put8(TABLE + 72, 0x48);
    put8(TABLE + 76, IOAPIC_NUMBER);
    put16(TABLE + 77, IOAPIC_AT);
    put8(TABLE + 79, 1);
    table(TABLE, "IVRS", 80);
}

static void started(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    commands = 0;
}

static void carried_out(uint32_t number, uint64_t low, uint64_t high)
{
    CHECK(number < commands);
    CHECK(carried[number].low == low && carried[number].high == high);
}

static const struct amdvi_device *device(uint16_t source)
{
    return (const struct amdvi_device *)image_pointer(registers.wide[0] & 0xffffffffff000) + source;
}

static const uint32_t *entries(uint16_t source)
{
    return image_pointer(device(source)->interrupts & 0x7ffffffffffc0);
}

static void test_start__blocks_everything(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    CHECK_EQ(registers.wide[0] & 0xfff, AMDVI_SOURCES * 32 / 4096 - 1);
    for (uint32_t source = 0; source < AMDVI_SOURCES; source++) {
        CHECK(device((uint16_t)source)->dma == CLOSED && device((uint16_t)source)->domain == SILENT);
        if (source != IOAPIC_AT)
            CHECK_EQ(device((uint16_t)source)->interrupts, SILENT_INTERRUPTS); /* control 0: aborted */
    }
    CHECK_EQ(registers.wide[AMDVI_CONTROL / 8], 0x140d);
    CHECK(registers.wide[AMDVI_COMMANDS / 8] >> 56 == 8 && registers.wide[AMDVI_EVENTS / 8] >> 56 == 8);
    CHECK(boot.info.iommu == 2 && boot.info.msi_address == 0xfee00000 && boot.info.msi_address_step == 0);
    CHECK(boot.info.msi_data == 0 && boot.info.msi_data_step == 1);
    CHECK_EQ(withheld_count, 4);
}

static void test_start__events_come_as_the_units_message(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    CHECK(config[0x54 / 4] == (0xfee00000 | APIC_NUMBER << 12) && config[0x58 / 4] == 0 &&
          config[0x5c / 4] == VECTOR_IOMMU);
    CHECK(config[0x50 / 4] & 1 << 16);
    machine_fresh();
    config[0x50 / 4] = 5;
    CHECK_TEXT(start(), NULL);
    CHECK_EQ(config[0x58 / 4], VECTOR_IOMMU);
    machine_fresh();
    config[0x50 / 4] = 0x40 << 8 | 7; /* round and round */
    CHECK_TEXT(start(), "AMD-Vi: a unit has no message to send");
    machine_fresh();
    config[0x34 / 4] = 0;
    CHECK_TEXT(start(), "AMD-Vi: a unit has no message to send");
}

static void test_start__misses_and_ends(void)
{
    machine_fresh();
    registers.wide[AMDVI_FEATURES / 8] = 0;
    CHECK_TEXT(start(), "the machine lacks what the kernel needs");
    CHECK_TEXT(lacking, "invalidation of everything (AMD-Vi EFR.IASup)");
    CHECK_EQ(registers.wide[AMDVI_CONTROL / 8], 0);
    machine_fresh();
    stuck = true;
    CHECK_TEXT(start(), "AMD-Vi: an invalidation does not end");
}

static void test_attach__opens_one_function(void)
{
    started();
    CHECK_EQ(dma_attach_check(SOURCE), OK);
    CHECK_EQ(dma_attach_check(AMDVI_SOURCES), ERR_LIMIT);
    dma_attach(SOURCE, 7, (hpa_t){0x1234000});
    CHECK_EQ(device(SOURCE)->dma, 3ull << 61 | 0x1234000 | 4 << 9 | 3);
    CHECK_EQ(device(SOURCE)->domain, 7);
    CHECK(device(SOURCE + 1)->dma == CLOSED && device(SOURCE - 1)->dma == CLOSED);
    carried_out(0, 2ull << 60 | SOURCE, 0);
    carried_out(2, 3ull << 60 | 7ull << 32, 0x7ffffffffffff003);
    dma_detach(SOURCE, 7);
    CHECK(device(SOURCE)->dma == CLOSED && device(SOURCE)->domain == SILENT);
    carried_out(4, 2ull << 60 | SOURCE, 0);
    carried_out(6, 3ull << 60 | 7ull << 32, 0x7ffffffffffff003);
}

static void test_fault__is_taken_in_order_and_silenced(void)
{
    struct amdvi_command *log;
    struct dma_fault fault;

    started();
    log = image_pointer(registers.wide[AMDVI_EVENTS / 8] & 0xffffffffff000);
    CHECK(!dma_fault(&fault));
    log[0] = (struct amdvi_command){2ull << 60 | 0x20ull << 48 | SOURCE, 0x123000};
    log[1] = (struct amdvi_command){2ull << 60 | NEIGHBOUR, 0x456000};
    registers.wide[AMDVI_EVENT_TAIL / 8] = 32;
    CHECK(dma_fault(&fault));
    CHECK(fault.source == SOURCE && fault.address == 0x123000 && fault.reason == 0x2020);
    CHECK_EQ(registers.wide[AMDVI_EVENT_HEAD / 8], 16);
    CHECK(dma_fault(&fault) && fault.source == NEIGHBOUR && fault.address == 0x456000);
    CHECK(!dma_fault(&fault));
    dma_attach(SOURCE, 3, (hpa_t){0x5000});
    dma_report(SOURCE, false);
    CHECK_EQ(device(SOURCE)->domain, SILENT | 3);
    dma_report(SOURCE, true);
    CHECK_EQ(device(SOURCE)->domain, 3);
    dma_detach(SOURCE, 3);
}

static void test_line__comes_through_the_ioapics_table(void)
{
    const uint64_t entry = (uint64_t)APIC_NUMBER << 56 | 0x24 | 1 << 16 | 1 << 15;

    started();
    CHECK_EQ(iommu_route(4, 0, entry), entry);
    CHECK_EQ(entries(IOAPIC_AT)[0x24], 0x24 << 16 | APIC_NUMBER << 8 | 3);
    CHECK_EQ(device(IOAPIC_AT)->interrupts >> 60, 2);
    CHECK_EQ(device(IOAPIC_AT)->interrupts & 63, 8 << 1 | SILENT_INTERRUPTS);
    carried_out(0, 5ull << 60 | IOAPIC_AT, 0);
}

static void test_message__has_its_sources_table(void)
{
    started();
    (void)iommu_route(GSI_COUNT + 3, SOURCE, (uint64_t)APIC_NUMBER << 56 | 0x3b);
    (void)iommu_route(GSI_COUNT + 4, NEIGHBOUR, (uint64_t)APIC_NUMBER << 56 | 0x3c);
    (void)iommu_route(GSI_COUNT + 5, SOURCE, (uint64_t)APIC_NUMBER << 56 | 0x3d);
    CHECK(entries(SOURCE) != entries(NEIGHBOUR) && entries(SOURCE)[4] == 0 && entries(NEIGHBOUR)[3] == 0);
    CHECK_EQ(entries(SOURCE)[3], 0x3b << 16 | APIC_NUMBER << 8 | 2);
    CHECK_EQ(entries(SOURCE)[5], 0x3d << 16 | APIC_NUMBER << 8 | 2);
    CHECK(!iommu_message(GSI_COUNT + 3, true));
    CHECK_EQ(entries(SOURCE)[3] & 1, 1);
    CHECK_EQ(entries(SOURCE)[5] & 1, 0);
    (void)iommu_route(GSI_COUNT + 3, NEIGHBOUR,
                      (uint64_t)APIC_NUMBER << 56 | 0x3b); /* another's from now on */
    CHECK_EQ(entries(SOURCE)[3] & 1, 0);
    CHECK_EQ(entries(NEIGHBOUR)[3], 0x3b << 16 | APIC_NUMBER << 8 | 2);
}

static void test_message__the_second_before_the_acknowledgement_is_the_last(void)
{
    const uint32_t irq = GSI_COUNT + 7;
    uint32_t before;

    started();
    (void)iommu_route(irq, SOURCE, 0x3f);
    (void)iommu_message(irq, true);
    before = commands;
    CHECK(!iommu_message(irq, false) && !iommu_message(irq, true) && !iommu_message(irq, false));
    CHECK_EQ(commands, before); /* so far without the hardware */
    CHECK(!iommu_message(irq, false) && !(entries(SOURCE)[7] & 1));
    carried_out(before, 5ull << 60 | SOURCE, 0);
    CHECK(!iommu_message(irq, false));
    CHECK(iommu_message(irq, true) && (entries(SOURCE)[7] & 1)); /* some may be lost */
    CHECK(!iommu_message(irq, true));
    CHECK(!iommu_message(UINT32_MAX, true) && !iommu_message(GSI_COUNT + 30, true) &&
          !iommu_message(GSI_COUNT + MSI_COUNT, true));
}

int main(void)
{
    RUN(test_start__blocks_everything);
    RUN(test_start__events_come_as_the_units_message);
    RUN(test_attach__opens_one_function);
    RUN(test_fault__is_taken_in_order_and_silenced);
    RUN(test_line__comes_through_the_ioapics_table);
    RUN(test_message__has_its_sources_table);
    RUN(test_message__the_second_before_the_acknowledgement_is_the_last);
    RUN(test_start__misses_and_ends);
    return UNIT_RESULT();
}
