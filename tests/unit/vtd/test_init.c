/* hw/vtd.c, vtd_dma.c, vtd_irq.c: units are made to block everything, then what is asked for is opened and closed again. */
#include "machine.h"

enum { SOURCE = 0x3a8, BUS = SOURCE >> 8 };

struct entry {
    uint64_t low, high;
};

static struct boot boot = {.memory_end = 1 << 30, .range_count = 1, .range = {{0x100000, 1 << 30, true}}};

static const char *start(void)
{
    struct boot fresh = boot;

    memset(&vtd, 0, sizeof vtd);
    REASON(iommu_init(&window, &fresh));
    boot.info = fresh.info;
    return reason;
}

/* A machine that has started. */
static void started(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    for (uint32_t i = 0; i < UNITS; i++)
        model[i].requests = 0;
}

static struct entry *root_of(uint32_t unit)
{
    return image_pointer(model[unit].wide[VTD_RTADDR / 8]);
}

static struct entry *context_of(uint32_t unit, uint16_t source)
{
    return (struct entry *)image_pointer(root_of(unit)[source >> 8].low & ~4095ull) + (source & 255);
}

static struct entry *way(uint32_t index)
{
    return (struct entry *)image_pointer(model[0].wide[VTD_IRTA / 8] & ~4095ull) + index;
}

/* Request @number of both units, since the log was emptied. */
static void requested(uint32_t number, uint64_t low)
{
    for (uint32_t i = 0; i < UNITS; i++) {
        CHECK(number < model[i].requests);
        CHECK_EQ(model[i].request[number].low, low);
        CHECK_EQ(model[i].request[number].high, 0);
    }
}

static void test_start__blocks_everything_before_it_translates(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    CHECK_TEXT(model[0].log, "RQI124TN");
    CHECK_TEXT(model[1].log, "RQI124TN");
    for (uint32_t unit = 0; unit < UNITS; unit++)
        for (uint32_t bus = 0; bus < 256; bus++) {
            CHECK_EQ(root_of(unit)[bus].low & 4095, 1);
            for (uint32_t device = 0; device < 256; device += 5) {
                const struct entry *entry = context_of(unit, (uint16_t)(bus << 8 | device));

                CHECK(entry->low == 2 && entry->high == 0); /* absent, and silent */
            }
        }
    for (uint32_t i = 0; i < 256; i++)
        CHECK_EQ(way(i)->low, 2);
    CHECK_EQ(model[0].wide[VTD_IRTA / 8] & 4095, 7);
    CHECK(root_of(0) != root_of(1)); /* another segment's buses are others */
}

static void test_start__tells_where_faults_and_messages_go(void)
{
    machine_fresh();
    CHECK_TEXT(start(), NULL);
    CHECK_EQ(model[0].word[VTD_FEDATA / 4], VECTOR_IOMMU);
    CHECK_EQ(model[0].word[VTD_FEADDR / 4], 0xfee00000 | APIC_NUMBER << 12);
    CHECK(model[0].word[VTD_FEUADDR / 4] == 0 && model[0].word[VTD_FECTL / 4] == 0);
    CHECK(boot.info.iommu == 1 && boot.info.msi_address == 0xfee00010 && boot.info.msi_address_step == 32);
    CHECK(boot.info.msi_data == 0 && boot.info.msi_data_step == 0);
    CHECK(iomem_told && withheld_count == 2 && withheld[0] == DRHD_BASE && withheld[1] == DRHD_BASE + 0x1000);
}

static void test_start__takes_over_from_firmware(void)
{
    machine_fresh();
    model[0].word[VTD_GSTS / 4] = 1u << 31 | 1u << 26 | 1u << 25 | 1u << 23;
    model[0].word[VTD_PMEN / 4] = 1u << 31 | 1;
    CHECK_TEXT(start(), NULL);
    CHECK_TEXT(model[0].log, "RqQI124c");
    CHECK_EQ(model[0].word[VTD_GSTS / 4] >> 23,
             0x18e); /* translation, root, queue, both tables; no compatibility format */
    CHECK_EQ(model[0].word[VTD_PMEN / 4], 0);
}

static void test_start__misses_by_name(void)
{
    static const struct {
        uint32_t at;
        uint64_t clear, set;
        const char *name;
    } faults[] = {
        {VTD_CAP, 7, 0, "domain numbers of six bits (VT-d CAP.ND);"},
        {VTD_CAP, 0, 1 << 4, "tables without a write buffer before them (VT-d CAP.RWBF);"},
        {VTD_CAP, 1 << 10, 0, "four-level tables (VT-d CAP.SAGAW);"},
        {VTD_CAP, 63 << 16, 46 << 16, "48-bit DMA addresses (VT-d CAP.MGAW);"},
        {VTD_CAP, 1ull << 34, 0, "2 MiB pages (VT-d CAP.SSLPS);"},
        {VTD_ECAP, 1 << 1, 0, "queued invalidation (VT-d ECAP.QI);"},
        {VTD_ECAP, 1 << 3, 0, "interrupt remapping (VT-d ECAP.IR);"},
        {VTD_CAP, 0, 0x3ffull << 24, "fault records in the registers' first page (VT-d);"},
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        uint64_t *reg = &model[1].wide[faults[i].at / 8];

        machine_fresh();
        *reg = (*reg & ~faults[i].clear) | faults[i].set;
        CHECK_TEXT(start(), "the machine lacks what the kernel needs");
        CHECK_TEXT(lacking, faults[i].name);
        CHECK_TEXT(model[0].log, ""); /* nothing was begun */
    }
}

static void test_start__ends_with_a_unit_that_does_not_obey(void)
{
    machine_fresh();
    model[1].deaf = true;
    CHECK_TEXT(start(), "VT-d: a unit does not obey");
    machine_fresh();
    model[0].wrong = true;
    CHECK_TEXT(start(), "VT-d: a unit refuses an invalidation");
    machine_fresh();
    model[0].stuck = true;
    CHECK_TEXT(start(), "VT-d: an invalidation does not end");
}

static void test_attach__opens_one_function(void)
{
    started();
    CHECK_EQ(dma_attach_check(SOURCE), OK);
    dma_attach(SOURCE, 7, (hpa_t){0x1234000});
    CHECK_EQ(context_of(0, SOURCE)->low, 0x1234001);
    CHECK_EQ(context_of(0, SOURCE)->high, 7 << 8 | 2);
    for (uint32_t device = 0; device < 256; device++)
        if (device != (SOURCE & 255))
            CHECK_EQ(context_of(0, (uint16_t)(BUS << 8 | device))->low, 2);
    CHECK_EQ(context_of(0, (uint16_t)((BUS + 1) << 8 | (SOURCE & 255)))->low, 2);
    CHECK_EQ(context_of(1, SOURCE)->low, 2);
    requested(0, 0x11);                                    /* the bus has a new table: all contexts */
    requested(2, (uint64_t)SOURCE << 32 | 7 << 16 | 0x31); /* this one */
    requested(3, 7 << 16 | 0x2 | 0x20 | 0xc0);             /* its translations, accesses drained */
    dma_detach(SOURCE, 7);
    CHECK(context_of(0, SOURCE)->low == 2 && context_of(0, SOURCE)->high == 0);
    requested(5, (uint64_t)SOURCE << 32 | 7 << 16 | 0x31);
    requested(6, 7 << 16 | 0x2 | 0x20 | 0xc0);
}

static void test_attach__a_table_for_each_bus_while_there_are_some(void)
{
    started();
    for (uint32_t bus = 0x10; dma_attach_check((uint16_t)(bus << 8)) == OK; bus++) {
        CHECK(bus < 0x10 + 16);
        if (bus == 0x10 + 16)
            return;
        dma_attach((uint16_t)(bus << 8), 1, (hpa_t){0x1000});
        CHECK_EQ(context_of(0, (uint16_t)(bus << 8))->low, 0x1001);
        dma_detach((uint16_t)(bus << 8), 1);
    }
    CHECK_EQ(dma_attach_check(0x7700), ERR_LIMIT);
    CHECK_EQ(dma_attach_check(0x1008), OK); /* a bus that has one */
}

static void test_flush__of_a_domain_drains(void)
{
    started();
    dma_flush(9);
    requested(0, 9 << 16 | 0x2 | 0x20 | 0xc0);
}

static void test_flush__the_queue_goes_round(void)
{
    started();
    for (uint32_t i = 0; i < 1000; i++)
        dma_flush(i % 30 + 1);
    CHECK_EQ(model[0].requests, 2000);
}

static void test_tables__are_written_back_where_a_unit_does_not_snoop(void)
{
    started();
    lines_flushed = 0;
    dma_write_back(model, 4096);
    CHECK_EQ(lines_flushed, 0);
    machine_fresh();
    model[1].wide[VTD_ECAP / 8] &= ~1ull;
    CHECK_TEXT(start(), NULL);
    lines_flushed = 0;
    dma_write_back(model, 4096);
    CHECK_EQ(lines_flushed, 64);
    dma_write_back(model, 8);
    CHECK_EQ(lines_flushed, 65);
}

static void record(uint32_t unit, uint32_t number, uint64_t address, uint16_t source, uint32_t why)
{
    uint32_t *to = &model[unit].word[(RECORDS_AT + number * 16) / 4];

    to[0] = (uint32_t)address;
    to[1] = (uint32_t)(address >> 32);
    to[2] = source;
    to[3] = 1u << 31 | 1u << 30 | why;
}

static void test_fault__is_taken_from_any_record_of_any_unit(void)
{
    struct dma_fault fault;

    started();
    CHECK(!dma_fault(&fault));
    record(1, 1, 0x123456789000, SOURCE, 5);
    record(0, 0, 0x1000, SOURCE + 1, 6);
    CHECK(dma_fault(&fault));
    CHECK(fault.address == 0x1000 && fault.reason == 6 && fault.source == SOURCE + 1);
    CHECK(dma_fault(&fault));
    CHECK(fault.address == 0x123456789000 && fault.reason == 5 && fault.source == SOURCE);
    model[0].word[VTD_FSTS / 4] = 1;
    CHECK(!dma_fault(&fault));
    CHECK_EQ(model[0].word[VTD_FSTS / 4],
             0); /* what overflowed is forgotten, or nothing more would be recorded */
    CHECK_EQ(model[0].word[VTD_FECTL / 4], 0);
}

static void test_fault__a_source_is_silenced_and_heard_again(void)
{
    started();
    dma_attach(SOURCE, 3, (hpa_t){0x5000});
    model[0].requests = model[1].requests = 0;
    dma_report(SOURCE, false);
    CHECK_EQ(context_of(0, SOURCE)->low, 0x5003);
    requested(0, (uint64_t)SOURCE << 32 | 3 << 16 | 0x31);
    dma_report(SOURCE, true);
    CHECK_EQ(context_of(0, SOURCE)->low, 0x5001);
    dma_detach(SOURCE, 3);
}

/* No table silences a source whose interrupts are refused: the unit is. */
static void test_fault__refused_interrupts_do_not_flood(void)
{
    struct dma_fault fault;

    started();
    dma_attach(SOURCE, 3, (hpa_t){0x5000});
    record(0, 0, 9ull << 48, SOURCE, 0x22);
    CHECK(dma_fault(&fault));
    CHECK(fault.reason == 0x22 && model[0].word[VTD_FECTL / 4] == 1u << 31);
    dma_report(SOURCE, false);
    CHECK_EQ(model[0].word[VTD_FECTL / 4], 1u << 31);
    dma_report(SOURCE, true);
    CHECK_EQ(model[0].word[VTD_FECTL / 4], 0);
    dma_detach(SOURCE, 3);
}

static void test_line__comes_through_the_table_from_the_ioapic(void)
{
    uint64_t entry;

    started();
    entry = iommu_route(4, 0, (uint64_t)APIC_NUMBER << 56 | 0x24 | 1 << 16 | 1 << 15 | 1 << 13);
    CHECK_EQ(entry, 36ull << 49 | 1ull << 48 | 1 << 16 | 1 << 15 | 1 << 13 | 0x24);
    CHECK_EQ(way(36)->low, (uint64_t)APIC_NUMBER << 40 | 0x24 << 16 | 1 << 4 | 3);
    CHECK_EQ(way(36)->high, 1 << 18 | IOAPIC_SOURCE);
    requested(model[0].requests - 2, 36ull << 32 | 1 << 4 | 4);
    (void)iommu_route(5, 0, (uint64_t)APIC_NUMBER << 56 | 0x25 | 1 << 16);
    CHECK_EQ(way(37)->low, (uint64_t)APIC_NUMBER << 40 | 0x25 << 16 | 3);
}

static void test_message__is_closed_until_it_is_opened(void)
{
    started();
    (void)iommu_route(GSI_COUNT + 3, SOURCE, (uint64_t)APIC_NUMBER << 56 | 0x3b);
    CHECK_EQ(way(3)->low, (uint64_t)APIC_NUMBER << 40 | 0x3b << 16 | 2);
    CHECK_EQ(way(3)->high, 1 << 18 | SOURCE);
    CHECK(!iommu_message(GSI_COUNT + 3, true));
    CHECK_EQ(way(3)->low, (uint64_t)APIC_NUMBER << 40 | 0x3b << 16 | 3);
    requested(model[0].requests - 2, 3ull << 32 | 1 << 4 | 4);
    for (uint32_t i = 0; i < 256; i++)
        if (i != 3)
            CHECK_EQ(way(i)->low, 2);
}

static void test_message__the_second_before_the_acknowledgement_is_the_last(void)
{
    uint32_t requests;

    started();
    (void)iommu_route(GSI_COUNT + 3, SOURCE, 0x3b);
    (void)iommu_message(GSI_COUNT + 3, true);
    requests = model[0].requests;
    CHECK(!iommu_message(GSI_COUNT + 3, false) && (way(3)->low & 1));
    CHECK(!iommu_message(GSI_COUNT + 3, true));
    CHECK(!iommu_message(GSI_COUNT + 3, false) && (way(3)->low & 1));
    CHECK_EQ(model[0].requests, requests); /* so far without the hardware */
    CHECK(!iommu_message(GSI_COUNT + 3, false) && !(way(3)->low & 1));
    requested(requests, 3ull << 32 | 1 << 4 | 4);
    CHECK(!iommu_message(GSI_COUNT + 3, false));
    CHECK(iommu_message(GSI_COUNT + 3, true) && (way(3)->low & 1)); /* some may be lost */
    CHECK(!iommu_message(GSI_COUNT + 3, true));
}

static void test_message__no_other_number_is_one(void)
{
    started();
    CHECK(!iommu_message(UINT32_MAX, true) && !iommu_message(GSI_COUNT + MSI_COUNT, true) &&
          !iommu_message(3, true));
    for (uint32_t i = 0; i < 256; i++)
        CHECK_EQ(way(i)->low, 2);
    CHECK_EQ(model[0].requests, 0);
}

int main(void)
{
    RUN(test_start__blocks_everything_before_it_translates);
    RUN(test_start__tells_where_faults_and_messages_go);
    RUN(test_start__takes_over_from_firmware);
    RUN(test_start__misses_by_name);
    RUN(test_attach__opens_one_function);
    RUN(test_flush__of_a_domain_drains);
    RUN(test_flush__the_queue_goes_round);
    RUN(test_tables__are_written_back_where_a_unit_does_not_snoop);
    RUN(test_fault__is_taken_from_any_record_of_any_unit);
    RUN(test_fault__a_source_is_silenced_and_heard_again);
    RUN(test_fault__refused_interrupts_do_not_flood);
    RUN(test_line__comes_through_the_table_from_the_ioapic);
    RUN(test_message__is_closed_until_it_is_opened);
    RUN(test_message__the_second_before_the_acknowledgement_is_the_last);
    RUN(test_message__no_other_number_is_one);
    RUN(test_attach__a_table_for_each_bus_while_there_are_some);
    RUN(test_start__ends_with_a_unit_that_does_not_obey);
    return UNIT_RESULT();
}
