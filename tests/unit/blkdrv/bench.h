/* What the tests of the driver have in common: a controller, the driver over it, and a list of what was answered. */
#ifndef BENCH_H
#define BENCH_H

#include <stdarg.h>
#include <stdlib.h>

#include <log.h>

#include "model.h"
#include "unit.h"

#define KHZ UINT64_C(1000000) /* a tick is a nanosecond */
#define SECOND UINT64_C(1000000000)

static struct nvme *nvme;
static struct block_geometry geometry;
static uint64_t now;
static struct {
    uint16_t id;
    enum block_status status;
} done[4096];
static unsigned done_count;
#ifndef BENCH_WITHOUT_DONE
static struct block_health shown;
#endif
static char last_line[LOG_LINE_BYTES];

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_line, sizeof last_line, format, arguments);
    va_end(arguments);
}

#ifndef BENCH_WITHOUT_DONE
void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    CHECK(drive == &nvme->drive);
    done[done_count].id = id;
    done[done_count++ % 4096].status = status;
}

void drive_health_changed(struct drive *drive)
{
    CHECK(drive == &nvme->drive);
    shown = drive->health;
}
#endif

void drive_pause(struct drive *drive, uint32_t us)
{
    (void)drive;
    now += us * UINT64_C(1000);
    model_pause();
}

static void init(uint32_t block_shift)
{
    model_reset(block_shift);
    done_count = 0;
    now = 5 * SECOND;
    free(nvme);
    nvme = malloc(sizeof *nvme); /* a block of its exact size, for ASan */
    nvme_init(nvme, model_bar, model_memory, MODEL_MEMORY_IOVA, KHZ);
}

static inline bool start_device(void)
{
    const bool up = nvme->drive.ops->start(&nvme->drive, &geometry);
    nvme->drive.geometry = geometry;
    return up;
}

static inline bool poll_device(void)
{
    return nvme->drive.ops->poll(&nvme->drive, now);
}

static inline void begin(uint32_t block_shift)
{
    init(block_shift);
    CHECK(start_device());
    CHECK(poll_device()); /* what is submitted counts its time from the last poll */
    CHECK_EQ(model.offences, 0);
}

static inline void submit(uint16_t id, enum block_op op, uint64_t sector, uint32_t sectors,
                          uint64_t pool_offset)
{
    const bool has_data = op == BLOCK_OP_READ || op == BLOCK_OP_WRITE;
    const struct block_request request = {.id = id,
                                          .op = (uint8_t)op,
                                          .sector = sector,
                                          .sectors = sectors,
                                          .data = has_data ? MODEL_POOL_IOVA + pool_offset : 0};
    CHECK(nvme->drive.ops->room(&nvme->drive));
    nvme->drive.ops->submit(&nvme->drive, &request);
    nvme->drive.ops->publish(&nvme->drive);
}

#endif
