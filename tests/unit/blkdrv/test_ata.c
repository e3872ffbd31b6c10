/* The ATA driver against a disk in software. */
#include <stdlib.h>

#include <clock.h>

#include "ata_model.h"
#include "unit.h"

enum { KHZ = 1000000, ANSWERS = 128, POOL_BYTES = 0x20000 };

static _Alignas(4096) uint8_t pool[POOL_BYTES];
static struct ata ata;
static uint64_t now;
static struct {
    uint16_t id;
    enum block_status status;
} answers[ANSWERS];
static unsigned answered;

void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    CHECK(drive == &ata.drive && answered < ANSWERS);
    answers[answered].id = id;
    answers[answered++].status = status;
}

void drive_health_changed(struct drive *drive)
{
    CHECK(drive == &ata.drive);
}

void drive_pause(struct drive *drive, uint32_t us)
{
    CHECK(drive == &ata.drive);
    disk_pause(us);
}

void log_line(const char *format, ...);
void log_line(const char *format, ...)
{
    (void)format;
}

static bool bring_up(void)
{
    return ata.drive.ops->start(&ata.drive, &ata.drive.geometry);
}

static void start(void)
{
    disk_start();
    memset(pool, 0, sizeof pool);
    now = 1;
    answered = 0;
    ata_init(&ata, 1, 2, KHZ);
    CHECK(ata_add_pool(&ata, (uintptr_t)pool, sizeof pool));
}

static void submit(uint16_t id, enum block_op op, uint64_t sector, uint32_t sectors, uint64_t data)
{
    const struct block_request request = {
        .id = id, .op = (uint8_t)op, .sector = sector, .sectors = sectors, .data = data};
    CHECK(ata.drive.ops->room(&ata.drive));
    ata.drive.ops->submit(&ata.drive, &request);
    ata.drive.ops->publish(&ata.drive);
}

/* Until nothing is under way; each look is a millisecond. Answers what poll said last. */
static bool run(void)
{
    for (unsigned looks = 0; looks < 100000; looks++) {
        if (!ata.drive.ops->poll(&ata.drive, now)) {
            return false;
        }
        if (ata.count == 0) {
            return true;
        }
        now += KHZ;
    }
    return false;
}

static bool same(uint64_t sector, uint32_t sectors, uint32_t offset)
{
    return memcmp(disk.words[sector], pool + offset, (size_t)sectors * 512) == 0;
}

static void test_ata__identifies_the_disk(void)
{
    start();
    CHECK(bring_up());
    CHECK_EQ(ata.drive.geometry.sectors, DISK_SECTORS);
    CHECK_EQ(ata.drive.geometry.block_bytes, 512);
    CHECK_EQ(ata.drive.geometry.features, 1u << BLOCK_OP_READ | 1u << BLOCK_OP_WRITE | 1u << BLOCK_OP_FLUSH);
    CHECK_TEXT((const char *)ata.drive.geometry.serial, "A1B1C1");
    CHECK_EQ(disk.resets, 1);
    CHECK_EQ(disk.offences, 0);
}

static void test_ata__an_old_disk(void)
{
    start();
    disk_is_old();
    CHECK(bring_up());
    CHECK_EQ(ata.drive.geometry.sectors, DISK_SECTORS);
    CHECK_EQ(ata.drive.geometry.features, 1u << BLOCK_OP_READ | 1u << BLOCK_OP_WRITE);
}

static void test_ata__reads(void)
{
    start();
    CHECK(bring_up());
    submit(7, BLOCK_OP_READ, 100, 128, (uintptr_t)pool);
    CHECK(run());
    CHECK(answered == 1 && answers[0].id == 7 && answers[0].status == BLOCK_STATUS_OK);
    CHECK(same(100, 128, 0));
    CHECK_EQ(disk.last, ATA_READ);
    CHECK_EQ(disk.offences, 0);
}

static void test_ata__writes(void)
{
    start();
    CHECK(bring_up());
    for (unsigned byte = 0; byte < sizeof pool; byte++) {
        pool[byte] = (uint8_t)(byte * 7 + 1);
    }
    disk.busy_looks = 2;
    submit(8, BLOCK_OP_WRITE, DISK_SECTORS - 9, 9, (uintptr_t)pool + 4096);
    CHECK(run());
    CHECK(answered == 1 && answers[0].status == BLOCK_STATUS_OK);
    CHECK(same(DISK_SECTORS - 9, 9, 4096));
    CHECK_EQ(disk.flushes, 0);
    CHECK_EQ(disk.offences, 0);
}

/* What lies beyond 28 bits needs the extended commands; the disk here ends long before and says so. */
static void test_ata__48_bits(void)
{
    start();
    disk.identity[IDENTIFY_SECTORS_48 + 2] = 1; /* 2^32 sectors and more */
    CHECK(bring_up());
    CHECK_EQ(ata.drive.geometry.sectors, (UINT64_C(1) << 32) + DISK_SECTORS);
    submit(1, BLOCK_OP_READ, ATA_SECTORS_28 - 8, 8, (uintptr_t)pool);
    CHECK(run());
    CHECK_EQ(disk.last, ATA_READ);
    CHECK_EQ(disk.sector, ATA_SECTORS_28 - 8);
    submit(2, BLOCK_OP_READ, ATA_SECTORS_28 - 8, 9, (uintptr_t)pool);
    CHECK(run());
    CHECK_EQ(disk.last, ATA_READ_EXT);
    CHECK_EQ(disk.sector, ATA_SECTORS_28 - 8);
    submit(3, BLOCK_OP_WRITE, UINT64_C(0x100000ff0), 8, (uintptr_t)pool);
    CHECK(run());
    CHECK_EQ(disk.last, ATA_WRITE_EXT);
    CHECK_EQ(disk.sector, UINT64_C(0x100000ff0));
    CHECK(answered == 3 && answers[0].status == BLOCK_STATUS_RANGE &&
          answers[2].status == BLOCK_STATUS_RANGE);
    CHECK_EQ(disk.offences, 0);
}

static void test_ata__answers_in_order(void)
{
    start();
    CHECK(bring_up());
    disk.busy_looks = 1;
    for (uint16_t id = 0; id < ATA_QUEUE; id++) {
        submit(id, id % 5 == 4 ? BLOCK_OP_FLUSH : BLOCK_OP_READ, id, id % 5 == 4 ? 0 : 1, (uintptr_t)pool);
    }
    CHECK(!ata.drive.ops->room(&ata.drive));
    CHECK(run());
    CHECK_EQ(answered, ATA_QUEUE);
    for (uint16_t id = 0; id < ATA_QUEUE; id++) {
        CHECK(answers[id].id == id && answers[id].status == BLOCK_STATUS_OK);
    }
    CHECK_EQ(disk.offences, 0);
}

/* The channel must have its turn, and the driver comes back at once. */
static void test_ata__a_long_transfer_does_not_hold_the_channel_up(void)
{
    start();
    CHECK(bring_up());
    submit(1, BLOCK_OP_READ, 0, 128, (uintptr_t)pool);
    CHECK(ata.drive.ops->poll(&ata.drive, now));
    CHECK(ata.left >= 64);
    CHECK_EQ(ata.drive.ops->deadline(&ata.drive), DEADLINE_NOW);
    CHECK(run());
    CHECK_EQ(ata.drive.ops->deadline(&ata.drive), DEADLINE_NEVER);
}

static void test_ata__looks_again_without_an_interrupt(void)
{
    start();
    CHECK(bring_up());
    disk.busy_looks = 3;
    submit(1, BLOCK_OP_READ, 0, 1, (uintptr_t)pool);
    CHECK(ata.drive.ops->poll(&ata.drive, now));
    const uint64_t deadline = ata.drive.ops->deadline(&ata.drive);
    CHECK(deadline > now && deadline <= now + UINT64_C(20) * KHZ);
}

/* No interrupt announces the first sector of a write. */
static void test_ata__offers_the_first_sector_of_a_write_by_itself(void)
{
    start();
    CHECK(bring_up());
    disk.busy_looks = 3;
    submit(1, BLOCK_OP_WRITE, 0, 2, (uintptr_t)pool);
    CHECK_EQ(ata.drive.ops->deadline(&ata.drive), DEADLINE_NOW);
    CHECK(ata.drive.ops->poll(&ata.drive, now));
    CHECK(ata.left == 2 && ata.drive.ops->deadline(&ata.drive) == now + KHZ);
    while (ata.left == 2) {
        CHECK(ata.drive.ops->poll(&ata.drive, now));
    }
    CHECK(ata.drive.ops->deadline(&ata.drive) == now + UINT64_C(20) * KHZ);
}

static void test_ata__a_write_through_is_flushed(void)
{
    start();
    CHECK(bring_up());
    const struct block_request request = {.id = 4,
                                          .op = BLOCK_OP_WRITE,
                                          .flags = BLOCK_FUA,
                                          .sector = 3,
                                          .sectors = 1,
                                          .data = (uintptr_t)pool};
    ata.drive.ops->submit(&ata.drive, &request);
    ata.drive.ops->publish(&ata.drive);
    CHECK(run());
    CHECK_EQ(disk.flushes, 1);
    CHECK(answered == 1 && answers[0].status == BLOCK_STATUS_OK);
}

/* What the ring says is an address of the driver: only a pool's is taken. */
static void test_ata__moves_nothing_outside_a_pool(void)
{
    const uint64_t base = (uintptr_t)pool, outside[] = {base - 4096, base + POOL_BYTES,
                                                        base + POOL_BYTES - 4096, 0, UINT64_MAX - 4095};
    start();
    CHECK(bring_up());
    for (uint16_t id = 0; id < sizeof outside / sizeof outside[0]; id++) {
        submit(id, id % 2 == 0 ? BLOCK_OP_READ : BLOCK_OP_WRITE, 0, 16, outside[id]);
        CHECK(answered == id + 1u && answers[id].status == BLOCK_STATUS_RANGE);
    }
    CHECK(run());
    CHECK_EQ(disk.commands, 1); /* identify */
    submit(9, BLOCK_OP_READ, 0, 16, base + POOL_BYTES - 8192);
    CHECK(run());
    CHECK_EQ(answers[answered - 1].status, BLOCK_STATUS_OK);
}

static void test_ata__pools(void)
{
    start();
    CHECK(!ata_add_pool(&ata, 0x1001, 0x1000));
    for (unsigned pools = 1; pools < ATA_POOLS_MAX; pools++) {
        CHECK(ata_add_pool(&ata, 0x100000 * pools, 0x1000));
    }
    CHECK(!ata_add_pool(&ata, 0x900000, 0x1000));
}

static enum block_status answer_to(enum block_op op, uint8_t status, uint8_t error)
{
    start();
    CHECK(bring_up());
    disk.bad_sector = 11;
    disk.bad_status = status;
    disk.bad_error = error;
    submit(1, op, 10, op == BLOCK_OP_FLUSH ? 0 : 4, (uintptr_t)pool);
    CHECK(run());
    CHECK_EQ(answered, 1);
    disk.bad_status = disk.bad_error = 0;
    disk.bad_sector = UINT64_MAX;
    submit(2, BLOCK_OP_READ, 0, 1, (uintptr_t)pool); /* the disk still works */
    CHECK(run());
    CHECK(answered == 2 && answers[1].status == BLOCK_STATUS_OK);
    CHECK_EQ(disk.offences, 0);
    return answers[0].status;
}

static void test_ata__errors(void)
{
    CHECK_EQ(answer_to(BLOCK_OP_READ, ATA_STATUS_ERROR, 0x40), BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(answer_to(BLOCK_OP_WRITE, ATA_STATUS_ERROR, ATA_ERROR_NOT_FOUND), BLOCK_STATUS_RANGE);
    CHECK_EQ(answer_to(BLOCK_OP_READ, ATA_STATUS_ERROR, ATA_ERROR_ABORTED), BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(answer_to(BLOCK_OP_READ, ATA_STATUS_FAULT, ATA_ERROR_NOT_FOUND), BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(answer_to(BLOCK_OP_FLUSH, ATA_STATUS_ERROR, ATA_ERROR_ABORTED), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(answer_to(BLOCK_OP_FLUSH, ATA_STATUS_ERROR, 0x40), BLOCK_STATUS_IO_ERROR);
}

static void test_ata__a_command_that_hangs_is_sent_again(void)
{
    start();
    CHECK(bring_up());
    disk.hangs = 1;
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    submit(2, BLOCK_OP_READ, 7, 1, (uintptr_t)pool + 4096);
    CHECK(run());
    CHECK_EQ(disk.resets, 2);
    CHECK(answered == 2 && answers[0].status == BLOCK_STATUS_OK && answers[1].status == BLOCK_STATUS_OK);
    CHECK(same(5, 2, 0) && same(7, 1, 4096));
    CHECK_EQ(disk.offences, 0);
}

static void test_ata__a_request_that_always_hangs_is_an_error(void)
{
    start();
    CHECK(bring_up());
    disk.transfers_hang = true;
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    CHECK(run());
    CHECK(answered == 1 && answers[0].status == BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(disk.resets, 4);
}

static void test_ata__a_disk_that_only_hangs_has_failed(void)
{
    start();
    CHECK(bring_up());
    disk.transfers_hang = true;
    for (uint16_t id = 0; id < 4; id++) {
        submit(id, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    }
    CHECK(!run());
    CHECK(disk.resets < 8);
}

static void test_ata__a_disk_that_wants_more_is_reset(void)
{
    start();
    CHECK(bring_up());
    disk.wants_more = true;
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    CHECK(run());
    CHECK(answered == 1 && answers[0].status == BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(disk.offences, 0);
}

static void test_ata__a_disk_that_goes_has_failed(void)
{
    start();
    CHECK(bring_up());
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    disk.gone = true;
    CHECK(!run());
    CHECK_EQ(answered, 0);
}

static void test_ata__a_disk_that_comes_back_as_another_has_failed(void)
{
    start();
    CHECK(bring_up());
    disk.hangs = 1;
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    disk.identity[IDENTIFY_SECTORS_48]--;
    CHECK(!run());
}

static void test_ata__starts_anew(void)
{
    start();
    CHECK(bring_up());
    disk.busy_looks = 1;
    submit(1, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    CHECK(ata.drive.ops->poll(&ata.drive, now));
    CHECK(bring_up());
    CHECK(run());
    CHECK_EQ(answered, 0);
    submit(2, BLOCK_OP_READ, 5, 2, (uintptr_t)pool);
    CHECK(run());
    CHECK(answered == 1 && answers[0].id == 2);
}

static void is_a_packet_device(void)
{
    disk.signature = 0xeb14;
}
static void is_gone(void)
{
    disk.gone = true;
}
static void stays_busy(void)
{
    disk.stays_busy = true;
}
static void does_not_identify(void)
{
    disk.stays_quiet = true;
}
static void is_no_ata_device(void)
{
    disk.identity[IDENTIFY_GENERAL] = 0x8000;
}
static void has_no_lba(void)
{
    disk.identity[IDENTIFY_CAPABILITIES] = 0;
}
static void has_no_sectors(void)
{
    disk.identity[IDENTIFY_SECTORS_48] = 0;
}
static void has_too_many_sectors(void)
{
    disk.identity[IDENTIFY_SECTORS_48 + 3] = 2;
}
static void has_too_many_old_sectors(void)
{
    disk_is_old();
    disk.identity[IDENTIFY_SECTORS + 1] = 0x1001;
}
static void has_long_sectors(void)
{
    disk.identity[IDENTIFY_SECTOR_SIZE] = IDENTIFY_IS_VALID | IDENTIFY_LONG_SECTORS;
}

static void test_ata__refusals(void)
{
    static void (*const spoil[])(void) = {
        is_a_packet_device, is_gone,        stays_busy,           does_not_identify,        is_no_ata_device,
        has_no_lba,         has_no_sectors, has_too_many_sectors, has_too_many_old_sectors, has_long_sectors};
    for (size_t index = 0; index < sizeof spoil / sizeof spoil[0]; index++) {
        start();
        spoil[index]();
        if (bring_up()) {
            printf("disk %zu is taken\n", index);
            CHECK(false);
        }
    }
}

/* A channel without a disk is found out soon, a disk that spins up is waited for. */
static void test_ata__waits(void)
{
    start();
    disk.gone = true;
    CHECK(!bring_up());
    CHECK(disk.now_us < 10000);
    start();
    disk.busy = 20000;
    CHECK(bring_up());
}

int main(void)
{
    RUN(test_ata__identifies_the_disk);
    RUN(test_ata__an_old_disk);
    RUN(test_ata__reads);
    RUN(test_ata__writes);
    RUN(test_ata__48_bits);
    RUN(test_ata__answers_in_order);
    RUN(test_ata__a_long_transfer_does_not_hold_the_channel_up);
    RUN(test_ata__looks_again_without_an_interrupt);
    RUN(test_ata__offers_the_first_sector_of_a_write_by_itself);
    RUN(test_ata__a_write_through_is_flushed);
    RUN(test_ata__moves_nothing_outside_a_pool);
    RUN(test_ata__pools);
    RUN(test_ata__errors);
    RUN(test_ata__a_command_that_hangs_is_sent_again);
    RUN(test_ata__a_request_that_always_hangs_is_an_error);
    RUN(test_ata__a_disk_that_only_hangs_has_failed);
    RUN(test_ata__a_disk_that_wants_more_is_reset);
    RUN(test_ata__a_disk_that_goes_has_failed);
    RUN(test_ata__a_disk_that_comes_back_as_another_has_failed);
    RUN(test_ata__starts_anew);
    RUN(test_ata__refusals);
    RUN(test_ata__waits);
    return UNIT_RESULT();
}
