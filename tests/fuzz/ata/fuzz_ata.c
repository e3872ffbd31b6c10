/* Every register of the disk and every request is taken from the input. Whatever is answered and asked, nothing is moved
 * outside the pool, each request taken is answered once and in its epoch, and every poll ends. */
#include <stdlib.h>
#include <string.h>

#include <clock.h>
#include <log.h>

#include "ata.h"
#include "channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { KHZ = 1000000, POOL_BYTES = 0x20000, GUARD_BYTES = 4096, GUARD = 0xa5, IO_MAX = 1 << 22 };

static _Alignas(4096) uint8_t memory[GUARD_BYTES + POOL_BYTES + GUARD_BYTES];
static const uint8_t *input;
static size_t left;
static unsigned accesses, word;
static uint32_t waiting[256]; /* requests of an id that have no answer yet */
static struct ata ata;

static void need(bool condition)
{
    if (!condition) {
        abort();
    }
}

static uint8_t take(void)
{
    if (left == 0) {
        return 0x50; /* idle, so that what is under way comes to an end */
    }
    left--;
    return *input++;
}

void log_line(const char *format, ...)
{
    (void)format;
}

void drive_health_changed(struct drive *drive)
{
    (void)drive;
}

void drive_pause(struct drive *drive, uint32_t us)
{
    (void)drive;
    (void)us;
}

void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    need(drive == &ata.drive && status <= BLOCK_STATUS_READ_ONLY && id < 256 && waiting[id] > 0);
    waiting[id]--;
}

uint8_t ata_in(const struct ata *one, uint16_t port)
{
    need(one == &ata && ((port >= ATA_DATA && port <= ATA_STATUS) || port == ATA_ALTERNATE));
    need(++accesses < IO_MAX);
    return port == ATA_ALTERNATE ? 0x50 : take();
}

void ata_out(const struct ata *one, uint16_t port, uint8_t value)
{
    (void)value;
    need(one == &ata && ((port > ATA_DATA && port <= ATA_COMMAND) || port == ATA_CONTROL));
    need(++accesses < IO_MAX);
}

/* Identity comes mostly from a plausible disk, or few inputs would get further. */
uint32_t ata_in_data(const struct ata *one)
{
    static const uint16_t identity[IDENTIFY_WORDS] = {
        [IDENTIFY_CAPABILITIES] = IDENTIFY_HAS_LBA,
        [IDENTIFY_SECTORS] = 4096,
        [IDENTIFY_COMMANDS] =
            IDENTIFY_IS_VALID | IDENTIFY_HAS_LBA48 | IDENTIFY_HAS_FLUSH | IDENTIFY_HAS_FLUSH_EXT,
        [IDENTIFY_SECTORS_48] = 4096,
    };
    need(one == &ata && ++accesses < IO_MAX);
    const unsigned at = word;
    word = (word + 2) % IDENTIFY_WORDS;
    return identity[at] | (uint32_t)identity[at + 1] << 16;
}

void ata_out_data(const struct ata *one, uint32_t value)
{
    (void)value;
    need(one == &ata && ++accesses < IO_MAX);
}

static void ask(void)
{
    const uint8_t kind = take(), id = take(), place = take(), sectors = take();
    const uint64_t pool = (uintptr_t)memory + GUARD_BYTES;
    const struct block_request request = {
        .id = id,
        .op = kind & 7,
        .flags = kind >> 3 & 1,
        .sectors = sectors,
        .sector = (uint64_t)take() << (place & 31),
        .data = pool + (uint64_t)(place % 40) * 4096 - 4096,
    };
    if (!ata.drive.ops->room(&ata.drive) || channel_check(&ata.drive.geometry, &request) != BLOCK_STATUS_OK) {
        return;
    }
    waiting[id]++;
    ata.drive.ops->submit(&ata.drive, &request);
    ata.drive.ops->publish(&ata.drive);
}

static bool start(void)
{
    memset(waiting, 0, sizeof waiting);
    return ata.drive.ops->start(&ata.drive, &ata.drive.geometry);
}

static uint32_t unanswered(void)
{
    uint32_t sum = 0;
    for (unsigned id = 0; id < 256; id++) {
        sum += waiting[id];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    input = data;
    left = len;
    accesses = word = 0;
    memset(memory, GUARD, sizeof memory);
    ata_init(&ata, 1, 2, KHZ);
    need(ata_add_pool(&ata, (uintptr_t)memory + GUARD_BYTES, POOL_BYTES));
    bool up = start();
    for (uint64_t now = 1; up && left != 0; now += (uint64_t)take() << 24) {
        const uint8_t choice = take();
        if (choice < 0x80) {
            ask();
        } else if (choice == 0xff) {
            up = start();
        }
        up = up && ata.drive.ops->poll(&ata.drive, now);
        need(!up || unanswered() == ata.count);
    }
    for (size_t byte = 0; byte < GUARD_BYTES; byte++) {
        need(memory[byte] == GUARD && memory[GUARD_BYTES + POOL_BYTES + byte] == GUARD);
    }
    return 0;
}
