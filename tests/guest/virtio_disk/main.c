/* The disk, driven without an operating system: what is written is read back, limits hold, and a device that is reset with
 * requests in flight leaves memory alone. */
#include <virtio.h>

enum { BYTES = 65536, BLOCKS = 4, REQUESTS = 5, SECTOR = 4096 };

static uint8_t data[BYTES] __attribute__((aligned(4096)));
static uint8_t copy[BYTES] __attribute__((aligned(4096)));

static void fill(uint8_t *at, uint64_t seed)
{
    for (size_t i = 0; i < BYTES; i += 8)
        *(uint64_t *)(at + i) = random_next(&seed);
}

static bool equal(const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < BYTES; i += 8) {
        if (*(const uint64_t *)(a + i) != *(const uint64_t *)(b + i))
            return false;
    }
    return true;
}

static void test_data(void)
{
    for (uint64_t i = 0; i < BLOCKS; i++) {
        fill(data, i + 1);
        expect_equal(disk_do(DISK_WRITE, SECTOR + 128 * i, data, BYTES), 0, "64 KiB are written");
    }
    expect_equal(disk_do(DISK_FLUSH, 0, 0, 0), 0, "a flush is done");
    for (uint64_t i = 0; i < BLOCKS; i++) {
        fill(data, i + 1);
        expect_equal(disk_do(DISK_READ, SECTOR + 128 * i, copy, BYTES), 0, "64 KiB are read");
        expect(equal(data, copy), "what was written is read back");
    }
}

static void test_limits(void)
{
    expect_equal(disk_do(DISK_READ, disk_sectors(), copy, 512), 1, "there is nothing behind the end");
    expect_equal(disk_do(DISK_READ, disk_sectors() - 1, copy, 4096), 1, "nor across it");
    expect_equal(disk_do(DISK_WRITE, UINT64_MAX - 7, copy, 4096), 1, "nor before the beginning");
    expect_equal(disk_do(77, 0, copy, 512), 2, "an unknown request is not supported");
    expect_equal(disk_do(DISK_ID, 0, copy, 20), 0, "it has a name");
}

/* What a device that was reset still has to say goes nowhere. */
static void test_reset(void)
{
    fill(copy, 99);
    for (uint32_t i = 0; i < REQUESTS; i++)
        disk_ask((uint16_t)i, DISK_READ, SECTOR + 24u * i, copy + 12288 * i, 12288);
    disk_notify();
    disk_reset();
    const bool early = disk_answer(0) != 0xee; /* it may have been faster than the reset */
    fill(copy, 99);
    expect_equal(disk_start(), VIRTIO_RUNS, "it starts again");
    expect_equal(disk_do(DISK_READ, SECTOR, data, BYTES), 0, "and reads");
    uint8_t *const wanted = data;
    fill(wanted, 99);
    expect(equal(wanted, copy),
           early ? "what was answered before the reset is over" : "no answer comes after a reset");
}

void test(void)
{
    expect(disk_find(), "there is a disk");
    expect_equal(disk_sectors(), 64 * 2048, "of 64 MiB");
    expect_equal(disk_start(), VIRTIO_RUNS, "which starts");
    test_data();
    test_limits();
    for (unsigned i = 0; i < 20; i++)
        test_reset();
    test_data();
}
