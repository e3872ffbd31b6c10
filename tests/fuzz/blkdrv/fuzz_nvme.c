/* An NVMe controller that puts what it likes into its completion queues, the identification pages and its registers,
 * under a driver that serves requests. Whatever it does: each request is answered at most once, only what was asked is
 * answered, and nothing is read or written outside the driver's memory. */
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct step {
    uint8_t action, small;
    uint16_t where;
    uint8_t value[8];
};

static struct nvme *nvme;
static bool asked[UINT16_MAX + 1];
static uint64_t now;

void log_line(const char *format, ...)
{
    (void)format;
}

void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    (void)drive;
    if (!asked[id] || status > BLOCK_STATUS_READ_ONLY)
        abort();
    asked[id] = false;
}

void drive_health_changed(struct drive *drive)
{
    (void)drive;
}

void drive_pause(struct drive *drive, uint32_t us)
{
    (void)drive;
    now += us * UINT64_C(1000);
    model_pause();
}

static void ask(const struct step *step)
{
    const struct block_request request = {.id = step->where,
                                          .op = step->small % 5,
                                          .sector = step->value[0],
                                          .sectors = 1 + step->value[1] % 128u,
                                          .data = MODEL_POOL_IOVA + step->value[2] % 16 * UINT64_C(65536)};
    if (asked[request.id] || !nvme->drive.ops->room(&nvme->drive))
        return;
    asked[request.id] = true;
    nvme->drive.ops->submit(&nvme->drive, &request);
    nvme->drive.ops->publish(&nvme->drive);
}

static void post(const struct step *step)
{
    struct nvme_completion completion = {.queue = step->small & 1,
                                         .queue_head = step->value[0],
                                         .id = step->value[1],
                                         .status = (uint16_t)(step->value[2] << 1)};
    if ((step->small & 2) != 0)
        completion.queue_head = (uint16_t)model.queue[step->small & 1].head;
    if ((step->small & 4) != 0)
        memcpy(&completion, step->value, sizeof step->value);
    model_post(step->small & 1, completion);
}

static void act(const struct step *step)
{
    switch (step->action % 8) {
    case 0:
    case 1:
        ask(step);
        break;
    case 2:
        if (model.queue[step->small & 1].there)
            post(step);
        break;
    case 3:
        if (model.held_count != 0)
            model_finish(step->where % model.held_count);
        break;
    case 4: /* into the queues themselves, which the driver shares with it */
        memcpy((uint8_t *)model_memory->io_completion +
                   step->where % (sizeof model_memory->io_completion - 8),
               step->value, 8);
        break;
    case 5:
        memcpy((step->small & 1) != 0 ? model.controller + step->where % 4088u
                                      : model.name_space + step->where % 4088u,
               step->value, 8);
        break;
    case 6:
        now += step->where * UINT64_C(1000000);
        model.csts ^= step->small & 2;
        model.refuse_abort = (step->small & 1) != 0;
        break;
    default:
        model.hold = (step->small & 1) != 0;
        model.deaf_admin = (step->small & 6) == 6;
        model.status = step->where;
        break;
    }
}

static void forget(void)
{
    memset(asked, 0, sizeof asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct block_geometry geometry;
    now = 0;
    forget();
    model_reset(9);
    nvme = calloc(1, sizeof *nvme);
    nvme_init(nvme, model_bar, model_memory, MODEL_MEMORY_IOVA, 1000000);
    bool up = nvme->drive.ops->start(&nvme->drive, &geometry);
    nvme->drive.geometry = geometry;
    for (size_t at = 0; up && at + sizeof(struct step) <= size; at += sizeof(struct step)) {
        struct step step;
        memcpy(&step, data + at, sizeof step);
        act(&step);
        if (!nvme->drive.ops->poll(&nvme->drive, now)) {
            forget();
            up = nvme->drive.ops->start(&nvme->drive, &geometry);
            nvme->drive.geometry = geometry;
        }
    }
    free(nvme);
    return 0;
}
