/* kernel/sys/sys_iospace.c and what of kernel/obj/iospace.c a call reaches. */
#include "obj/iospace.h"
#include "unit.h"
#include "world.h"

enum { TO = 900, TABLES = 8, SOURCE = 0x100, OTHER = 0x208, HANDLE = 3, FAULT = 4 };
#define IOVA 0x1000000000ull

static uint32_t iospace(void)
{
    return world_new(OBJECT_TYPE_IOSPACE, TABLES, 0);
}

static uint32_t frame(uint64_t bytes)
{
    return world_new(OBJECT_TYPE_FRAME, bytes, 0);
}

static const struct iospace *at(uint32_t slot)
{
    return world_object(slot);
}

/* The entry for @address at @level of the tables, as hardware finds it. */
static uint64_t translated(uint32_t slot, uint64_t address, uint32_t level)
{
    const uint64_t *table = at(slot)->space.root;

    for (uint32_t i = 3; i > level; i--) {
        const uint64_t entry = table[address >> (12 + 9 * i) & 511];

        CHECK_EQ(entry & 0xfff, 3);
        table = fake_phys_to_ptr(entry & ~4095ull);
    }
    return table[address >> (12 + 9 * level) & 511];
}

static void fault(uint16_t source, uint64_t address, uint32_t reason)
{
    fake.dma.fault[fake.dma.faults++] = (struct dma_fault){address, reason, source};
}

static void test_iospace__refuses_bad_words(void)
{
    const enum call numbers[] = {CALL_IOSPACE_MAP,    CALL_IOSPACE_UNMAP, CALL_IOSPACE_ATTACH,
                                 CALL_IOSPACE_DETACH, CALL_IOSPACE_WATCH, CALL_IOSPACE_FAULT};
    uint32_t io = iospace();

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        REFUSED_UNUSED(numbers[i], io);
    REFUSED(ERR_ARGUMENT, CALL_IOSPACE_MAP, io, frame(PAGE_BYTES), IOVA, 16);
    REFUSED(ERR_ARGUMENT, CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, 0x10000);
    REFUSED(ERR_ARGUMENT, CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_CAPTAB, TO, 32, SOURCE);
    REFUSED(ERR_ARGUMENT, CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_CAPTAB, TO, 0, 0x10000);
}

static void test_iospace__maps_for_reading_and_writing(void)
{
    uint32_t io = iospace(), small = frame(PAGE_BYTES), large = frame(2 << 20), read = frame(PAGE_BYTES);

    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, small, IOVA, MAP_READ | MAP_WRITE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, large, IOVA + (2 << 20), MAP_READ | MAP_WRITE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, read, IOVA + PAGE_BYTES, MAP_READ), OK);
    CHECK_EQ(translated(io, IOVA, 0), world_slot(small)->cap.object | 3);
    CHECK_EQ(translated(io, IOVA + (2 << 20), 1), world_slot(large)->cap.object | 0x83);
    CHECK_EQ(translated(io, IOVA + PAGE_BYTES, 0), world_slot(read)->cap.object | 1);
    CHECK(at(io)->space.root[256] == 0 && at(io)->space.root[511] == 0); /* nothing of the kernel */
    CHECK_EQ(fake.dma.written_back, 4096 + 3 * 4096 + 3 * 8); /* the root, three tables, three entries */
    CHECK_WORLD();
}

static void test_iospace__map_refuses(void)
{
    uint32_t io = iospace(), page = frame(PAGE_BYTES), mapped = frame(PAGE_BYTES),
             tight = world_new(OBJECT_TYPE_IOSPACE, 2, 0), reader = world_copy(page, RIGHT_READ, 0, 0, 0, 0),
             huge = TO, device = TO + 1;

    REFUSED(ERR_SLOT, CALL_IOSPACE_MAP, io, 0, IOVA, 3);
    REFUSED(ERR_TYPE, CALL_IOSPACE_MAP, io, SLOT_SPACE, IOVA, 3);
    REFUSED(ERR_TYPE, CALL_IOSPACE_MAP, io, world_new(OBJECT_TYPE_VCPU, 0, 0), IOVA, 3);
    REFUSED(ERR_RIGHTS, CALL_IOSPACE_MAP, io, reader, IOVA, 3);
    REFUSED(ERR_ARGUMENT, CALL_IOSPACE_MAP, io, page, IOVA, MAP_WRITE);
    REFUSED(ERR_ARGUMENT, CALL_IOSPACE_MAP, io, page, IOVA, MAP_READ | MAP_EXEC);
    REFUSED(ERR_ARGUMENT, CALL_IOSPACE_MAP, io, page, IOVA, MAP_READ | MAP_UNCACHED);
    REFUSED(ERR_ALIGN, CALL_IOSPACE_MAP, io, page, IOVA + 8, 3);
    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, page, 1ull << 47, 3);
    REFUSED(ERR_MEMORY, CALL_IOSPACE_MAP, tight, page, IOVA, 3);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, mapped, IOVA, 3), OK);
    REFUSED(ERR_STATE, CALL_IOSPACE_MAP, io, mapped, IOVA + PAGE_BYTES, 3);
    REFUSED(ERR_OCCUPIED, CALL_IOSPACE_MAP, io, page, IOVA, 3);
    world_slot(huge)->cap =
        (struct capability){.type = OBJECT_TYPE_FRAME, .rights = 255, .object = 0, .extra = 1 << 30};
    CHECK_EQ(iospace_map_check(world_object(io), world_slot(huge), 0, 3, &(struct space_entry){0}),
             ERR_RANGE);
    world_slot(huge)->cap.type = OBJECT_TYPE_NONE;
    world_make(SLOT_DEVICE, world.table, device, OBJECT_TYPE_FRAME, PAGE_BYTES, 0);
    REFUSED(ERR_TYPE, CALL_IOSPACE_MAP, io, device, IOVA + PAGE_BYTES, 1);
}

/* A write there is an interrupt, whatever tables say. */
static void test_iospace__map_refuses_the_interrupts_addresses(void)
{
    uint32_t io = iospace(), page = frame(PAGE_BYTES), large = frame(2 << 20);

    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, page, 0xfee00000, 3);
    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, page, 0xfeeff000, 3);
    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, large, 0xfee00000, 3);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, 0xfedff000, 3), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_UNMAP, io, page), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, 0xfef00000, 3), OK);
}

static void test_iospace__unmap_needs_its_own_mapping(void)
{
    uint32_t io = iospace(), other = iospace(), page = frame(PAGE_BYTES),
             elsewhere = world_copy(page, UINT8_MAX, 0, 0, 0, 0);

    REFUSED(ERR_STATE, CALL_IOSPACE_UNMAP, io, page);
    REFUSED(ERR_TYPE, CALL_IOSPACE_UNMAP, io, SLOT_SPACE);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, IOVA, 3), OK);
    REFUSED(ERR_STATE, CALL_IOSPACE_UNMAP, other, page);
    CHECK_EQ(CALL(CALL_SPACE_MAP, SLOT_SPACE, elsewhere, 0x400000, 3), OK);
    REFUSED(ERR_STATE, CALL_IOSPACE_UNMAP, io, elsewhere);
    REFUSED(ERR_STATE, CALL_SPACE_UNMAP, SLOT_SPACE, page);
    CHECK_EQ(CALL(CALL_IOSPACE_UNMAP, io, page), OK);
    CHECK_EQ(translated(io, IOVA, 0), 0);
    CHECK_WORLD();
}

static void test_iospace__attach_refuses(void)
{
    uint32_t io = iospace(), other = iospace(),
             weak = world_copy(SLOT_CONTROL, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0);

    REFUSED(ERR_TYPE, CALL_IOSPACE_ATTACH, io, SLOT_SPACE, SOURCE);
    REFUSED(ERR_RIGHTS, CALL_IOSPACE_ATTACH, io, weak, SOURCE);
    fake.dma.no_table = true;
    REFUSED(ERR_LIMIT, CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE);
    fake.dma.no_table = false;
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    REFUSED(ERR_STATE, CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, OTHER);
    REFUSED(ERR_BUSY, CALL_IOSPACE_ATTACH, other, SLOT_CONTROL, SOURCE);
    CHECK_EQ(CALL(CALL_IOSPACE_DETACH, io, 0), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, other, SLOT_CONTROL, SOURCE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, OTHER), OK);
    CHECK_WORLD();
}

static void test_iospace__attaches_so_many_devices(void)
{
    uint32_t io[DMA_DOMAINS + 1];

    for (uint32_t i = 0; i <= DMA_DOMAINS; i++)
        io[i] = world_new(OBJECT_TYPE_IOSPACE, 1, 0);
    for (uint32_t i = 0; i < DMA_DOMAINS; i++)
        CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io[i], SLOT_CONTROL, SOURCE + i), OK);
    CHECK_EQ(iospace_attach_check(at(io[DMA_DOMAINS]), OTHER), ERR_LIMIT);
    if (unit_failed_checks)
        return;
    REFUSED(ERR_LIMIT, CALL_IOSPACE_ATTACH, io[DMA_DOMAINS], SLOT_CONTROL, OTHER);
    CHECK_WORLD();
    CHECK_EQ(CALL(CALL_IOSPACE_DETACH, io[7], 0), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io[DMA_DOMAINS], SLOT_CONTROL, OTHER), OK);
    CHECK_WORLD();
}

/* Hardware forgets what the tables lose, and that they had nothing, while the device works. */
static void test_iospace__changes_are_flushed_while_attached(void)
{
    uint32_t io = iospace(), page = frame(PAGE_BYTES), spare = frame(PAGE_BYTES);

    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, IOVA, 3), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    CHECK_EQ(fake.dma.domain[at(io)->domain - 1].flushes, 0);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, spare, IOVA + PAGE_BYTES, 3), OK);
    CHECK_EQ(fake.dma.domain[at(io)->domain - 1].flushes, 1);
    CHECK_EQ(CALL(CALL_IOSPACE_UNMAP, io, spare), OK);
    CHECK_EQ(fake.dma.domain[at(io)->domain - 1].flushes, 2);
    world_revoke(world_slot(page), true); /* the frame goes away beneath the device */
    CHECK_EQ(fake.dma.domain[at(io)->domain - 1].flushes, 3);
    CHECK_EQ(translated(io, IOVA, 0), 0);
    CHECK_WORLD();
}

static void test_iospace__one_that_goes_takes_its_device_along(void)
{
    uint32_t io = iospace(), page = frame(PAGE_BYTES), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, IOVA, 3), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_WATCH, io, notif, FAULT), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    world_revoke(world_slot(io), true);
    CHECK(!fake.dma.domain[0].attached && !cap_has_children(world_slot(notif)));
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, iospace(), SLOT_CONTROL, SOURCE), OK);
    CHECK_WORLD();
}

static void test_iospace__watch_refuses(void)
{
    uint32_t io = iospace(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0),
             deaf = world_copy(notif, (uint8_t)~RIGHT_WAIT, 0, 0, 1, 0),
             one = world_copy(notif, RIGHT_WAIT, 0, 0, 1, 0);

    REFUSED(ERR_RIGHTS, CALL_IOSPACE_WATCH, io, deaf, 1);
    REFUSED(ERR_TYPE, CALL_IOSPACE_WATCH, io, SLOT_SPACE, 1);
    REFUSED(ERR_METHOD, CALL_IOSPACE_WATCH, io, one, 2);
    REFUSED(ERR_DEPTH, CALL_IOSPACE_WATCH, io, world_deep(notif), 1);
}

static uint64_t answered(uint32_t word)
{
    return world_self()->regs.word[word];
}

static void test_iospace__a_fault_is_told_once_until_it_is_taken(void)
{
    uint32_t io = iospace(), other = iospace(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    const struct notif *heard = world_object(notif);

    CHECK_EQ(CALL(CALL_IOSPACE_WATCH, io, notif, FAULT), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, other, SLOT_CONTROL, OTHER), OK);
    fault(SOURCE, 0x123000, 5);
    fault(SOURCE, 0x456000, 6);
    fault(0x777, 0x1000, 5); /* nobody's */
    iospace_faults(&fake_cpu);
    CHECK_EQ(heard->bits, FAULT);
    CHECK(!fake.dma.domain[at(io)->domain - 1].reported && fake.dma.domain[at(other)->domain - 1].reported);
    CHECK_EQ(CALL(CALL_IOSPACE_FAULT, io, 0), OK);
    CHECK(answered(0) == 2 && answered(1) == 5 && answered(2) == 0x123000 && answered(3) == SOURCE);
    CHECK(fake.dma.domain[at(io)->domain - 1].reported);
    CHECK_EQ(CALL(CALL_IOSPACE_FAULT, io, 0), OK);
    CHECK(answered(0) == 0 && answered(1) == 0 && answered(2) == 0 && answered(3) == 0);
    CHECK_EQ(CALL(CALL_IOSPACE_FAULT, other, 0), OK);
    CHECK_EQ(answered(0), 0);
    CHECK_WORLD();
}

/* Hardware that goes on and on does not keep the kernel. */
static void test_iospace__so_many_faults_at_once(void)
{
    uint32_t io = iospace();

    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    for (uint32_t i = 0; i < 16; i++)
        fault(SOURCE, 0x1000, 5);
    iospace_faults(&fake_cpu);
    CHECK_EQ(at(io)->faults, 8);
    CHECK_EQ(fake.dma.faults, 8);
    CHECK_EQ(CALL(CALL_IOSPACE_FAULT, io, 0), OK); /* looks for the rest */
    CHECK(answered(0) == 16 && fake.dma.faults == 0);
}

static void test_iospace__a_watcher_that_goes_is_not_missed(void)
{
    uint32_t io = iospace(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    CHECK_EQ(CALL(CALL_IOSPACE_WATCH, io, notif, FAULT), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    world_revoke(world_slot(notif), true);
    CHECK(!at(io)->watch.notif);
    fault(SOURCE, 0x1000, 5);
    iospace_faults(&fake_cpu);
    CHECK_EQ(at(io)->faults, 1);
    CHECK_WORLD();
}

/* A restarted driver's faults are its own. */
static void test_iospace__attach_begins_without_faults(void)
{
    uint32_t io = iospace();

    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    fault(SOURCE, 0x1000, 5);
    iospace_faults(&fake_cpu);
    CHECK_EQ(CALL(CALL_IOSPACE_DETACH, io, 0), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_FAULT, io, 0), OK);
    CHECK(answered(0) == 0 && answered(1) == 0 && answered(2) == 0 && answered(3) == 0);
    CHECK_WORLD();
}

static void test_iospace__retype_makes_one_at_a_time(void)
{
    REFUSED(ERR_LIMIT, CALL_UNTYPED_RETYPE, SLOT_UNTYPED, OBJECT_TYPE_IOSPACE, 0, 4, SLOT_CAPTAB, TO, 2);
    REFUSED(ERR_RANGE, CALL_UNTYPED_RETYPE, SLOT_UNTYPED, OBJECT_TYPE_IOSPACE, 0, 0, SLOT_CAPTAB, TO, 1);
    while (CALL(CALL_UNTYPED_RETYPE, SLOT_UNTYPED, OBJECT_TYPE_IOSPACE, 0, 4, SLOT_CAPTAB, TO, 1) ==
           ERR_AGAIN) {
    }
    CHECK_EQ(world_slot(TO)->cap.type, OBJECT_TYPE_IOSPACE);
    CHECK_WORLD();
}

static uint32_t message(uint32_t handle)
{
    CHECK_EQ(CALL(CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_CAPTAB, world.next, handle, SOURCE), OK);
    return world.next++;
}

static void test_msi__is_made_once_for_one_source(void)
{
    uint32_t line = message(HANDLE);

    CHECK_EQ(fake.dma.message[HANDLE].source, SOURCE);
    CHECK_EQ(fake.dma.message[HANDLE].entry & 0xff, VECTOR_GSI + GSI_COUNT + HANDLE);
    REFUSED(ERR_BUSY, CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_CAPTAB, TO, HANDLE, SOURCE);
    REFUSED(ERR_OCCUPIED, CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_CAPTAB, SLOT_SPACE, HANDLE + 1, SOURCE);
    REFUSED(ERR_TYPE, CALL_CONTROL_MSI, SLOT_CONTROL, SLOT_SPACE, TO, HANDLE + 1, SOURCE);
    world_revoke(world_slot(line), true);
    (void)message(HANDLE);
    CHECK_WORLD();
}

static void test_msi__a_storm_is_cut_off_and_the_acknowledgement_signals(void)
{
    uint32_t line = message(HANDLE), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct notif *heard = world_object(notif);

    CHECK_EQ(CALL(CALL_IRQ_BIND, line, notif, 2), OK);
    CHECK_EQ(heard->bits, 0);
    irq_fire(&fake_cpu, GSI_COUNT + HANDLE);
    CHECK(heard->bits == 2 && !fake.dma.message[HANDLE].cut);
    heard->bits = 0;
    CHECK_EQ(CALL(CALL_IRQ_ACK, line, 0), OK);
    CHECK_EQ(heard->bits, 0);
    irq_fire(&fake_cpu, GSI_COUNT + HANDLE);
    irq_fire(&fake_cpu, GSI_COUNT + HANDLE);
    CHECK(fake.dma.message[HANDLE].cut);
    heard->bits = 0;
    CHECK_EQ(CALL(CALL_IRQ_ACK, line, 0), OK);
    CHECK(heard->bits == 2 && !fake.dma.message[HANDLE].cut);
    CHECK_WORLD();
}

static void test_device_memory__control_refuses(void)
{
    REFUSED(ERR_ALIGN, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE + 1, PAGE_BYTES);
    REFUSED(ERR_ALIGN, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE, PAGE_BYTES + 8);
    REFUSED(ERR_RANGE, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE, 0);
    REFUSED(ERR_RANGE, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE, 0 - DEVICE_FREE);
    REFUSED(ERR_DENIED, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE - PAGE_BYTES,
            PAGE_BYTES);
    REFUSED(ERR_DENIED, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE_END - PAGE_BYTES,
            2 * PAGE_BYTES);
    REFUSED(ERR_OCCUPIED, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, SLOT_SPACE, DEVICE_FREE,
            PAGE_BYTES);
    REFUSED(ERR_TYPE, CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_SPACE, TO, DEVICE_FREE, PAGE_BYTES);
    REFUSED(ERR_DEPTH, CALL_CONTROL_DEVICE, world_deep(SLOT_CONTROL), SLOT_CAPTAB, TO, DEVICE_FREE,
            PAGE_BYTES);
}

static void test_device_memory__yields_frames_only(void)
{
    CHECK_EQ(CALL(CALL_CONTROL_DEVICE, SLOT_CONTROL, SLOT_CAPTAB, TO, DEVICE_FREE, 4 * PAGE_BYTES), OK);
    CHECK(world_slot(TO)->cap.flags & CAP_KEEP);
    if (unit_failed_checks)
        return;
    REFUSED(ERR_TYPE, CALL_UNTYPED_RETYPE, TO, OBJECT_TYPE_NOTIF, 0, 256, SLOT_CAPTAB, TO + 1, 1);
    CHECK_EQ(CALL(CALL_UNTYPED_RETYPE, TO, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, SLOT_CAPTAB, TO + 1, 4), OK);
    CHECK_EQ(world_slot(TO + 4)->cap.object, DEVICE_FREE + 3 * PAGE_BYTES);
    REFUSED(ERR_MEMORY, CALL_UNTYPED_RETYPE, TO, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, SLOT_CAPTAB, TO + 5, 1);
}

int main(void)
{
    RUN_WORLD(test_iospace__refuses_bad_words);
    RUN_WORLD(test_iospace__maps_for_reading_and_writing);
    RUN_WORLD(test_iospace__map_refuses);
    RUN_WORLD(test_iospace__map_refuses_the_interrupts_addresses);
    RUN_WORLD(test_iospace__unmap_needs_its_own_mapping);
    RUN_WORLD(test_iospace__attach_refuses);
    RUN_WORLD(test_iospace__attaches_so_many_devices);
    RUN_WORLD(test_iospace__changes_are_flushed_while_attached);
    RUN_WORLD(test_iospace__one_that_goes_takes_its_device_along);
    RUN_WORLD(test_iospace__watch_refuses);
    RUN_WORLD(test_iospace__a_fault_is_told_once_until_it_is_taken);
    RUN_WORLD(test_iospace__so_many_faults_at_once);
    RUN_WORLD(test_iospace__a_watcher_that_goes_is_not_missed);
    RUN_WORLD(test_iospace__attach_begins_without_faults);
    RUN_WORLD(test_iospace__retype_makes_one_at_a_time);
    RUN_WORLD(test_msi__is_made_once_for_one_source);
    RUN_WORLD(test_msi__a_storm_is_cut_off_and_the_acknowledgement_signals);
    RUN_WORLD(test_device_memory__control_refuses);
    RUN_WORLD(test_device_memory__yields_frames_only);
    world_reset();
    return UNIT_RESULT();
}
