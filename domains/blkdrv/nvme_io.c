/* Requests, time-outs and the life of the controller: [NVMe-1.4] 6 and 7. */
#include "nvme.h"

#include <clock.h>
#include <log.h>
#include <mmio.h>

enum {
    NAMESPACE = 1,
    SLOT_NONE = 0xffff,
    ATTEMPTS_MAX = 3, /* a request that outlives so many resets is answered with an error */
    RESETS_MAX = 5,   /* with nothing done between them: the device has failed */
    COMPLAINTS_MAX = 16,
    PAGES_MAX = BLOCK_LIMITS_SLOT_BYTES / NVME_PAGE_BYTES,
    ZEROES_BLOCKS_MAX = 0x8000, /* [NVMe-1.4] 6.17: sixteen bits less one; half of it keeps every alignment */
};
_Static_assert((PAGES_MAX - 1) * sizeof(uint64_t) <= NVME_LIST_BYTES,
               "a page list holds the largest transfer");

static const uint64_t HEALTH_NS = UINT64_C(5000) * 1000 * 1000;
static const uint64_t CHECK_NS = UINT64_C(1000) * 1000 * 1000;
static const uint64_t COMMAND_NS = UINT64_C(8000) * 1000 * 1000; /* a slow disk is not a dead one */
static const uint64_t ABORT_NS = UINT64_C(2000) * 1000 * 1000;

static struct nvme *nvme_of(struct drive *drive)
{
    return (struct nvme *)(void *)((uint8_t *)drive - offsetof(struct nvme, drive));
}

/* ------------------------------------------------------------------ commands */

/* [NVMe-1.4] 4.3: one page; two pages; or one page and a list of the others. The transfer begins at a page boundary
 * and its addresses are consecutive. */
static void set_pages(struct nvme *nvme, volatile struct nvme_command *entry, uint16_t index, uint64_t data,
                      uint32_t bytes)
{
    const uint32_t pages = (bytes + NVME_PAGE_BYTES - 1) / NVME_PAGE_BYTES;
    entry->prp1 = data;
    if (pages == 2) {
        entry->prp2 = data + NVME_PAGE_BYTES;
    } else if (pages > 2) {
        volatile uint64_t *list = (volatile uint64_t *)(void *)nvme->memory->list[index];
        for (uint32_t page = 1; page < pages; page++) {
            list[page - 1] = data + (uint64_t)page * NVME_PAGE_BYTES;
        }
        entry->prp2 = nvme->iova + offsetof(struct nvme_memory, list) + (uint64_t)index * NVME_LIST_BYTES;
    }
}

static void set_blocks(const struct nvme *nvme, volatile struct nvme_command *entry, uint64_t sector,
                       uint32_t sectors)
{
    const uint32_t shift = nvme->block_shift - 9;
    const uint64_t first = sector >> shift;
    entry->dword10 = (uint32_t)first;
    entry->dword11 = (uint32_t)(first >> 32);
    entry->dword12 = (sectors >> shift) - 1; /* zero based */
}

/* [NVMe-1.4] 6.7: one range, in the place of the page list. */
static void set_range(struct nvme *nvme, volatile struct nvme_command *entry, uint16_t index,
                      const struct block_request *request)
{
    const uint32_t shift = nvme->block_shift - 9;
    volatile struct nvme_range *range = (volatile struct nvme_range *)(void *)nvme->memory->list[index];
    range->attributes = 0;
    range->blocks = request->sectors >> shift;
    range->first = request->sector >> shift;
    entry->prp1 = nvme->iova + offsetof(struct nvme_memory, list) + (uint64_t)index * NVME_LIST_BYTES;
    entry->dword10 = 0; /* one range, zero based */
    entry->dword11 = DATASET_DEALLOCATE;
}

/* Puts what is left of the slot's request in the queue. */
static void send(struct nvme *nvme, uint16_t index)
{
    static const uint8_t opcodes[] = {
        [BLOCK_OP_READ] = IO_READ,
        [BLOCK_OP_WRITE] = IO_WRITE,
        [BLOCK_OP_FLUSH] = IO_FLUSH,
        [BLOCK_OP_DISCARD] = IO_DATASET_MANAGEMENT,
        [BLOCK_OP_WRITE_ZEROES] = IO_WRITE_ZEROES,
    };
    struct nvme_slot *slot = &nvme->slot[index];
    const struct block_request *request = &slot->request;
    volatile struct nvme_command *entry = nvme_queue_next(&nvme->io, opcodes[request->op], index);
    entry->namespace_id = NAMESPACE;
    slot->chunk = request->sectors;
    if (request->op <= BLOCK_OP_WRITE) {
        set_blocks(nvme, entry, request->sector, request->sectors);
        if ((request->flags & BLOCK_FUA) != 0) {
            entry->dword12 |= (uint32_t)FORCE_UNIT_ACCESS;
        }
        set_pages(nvme, entry, index, request->data, request->sectors * BLOCK_LIMITS_SECTOR_BYTES);
    } else if (request->op == BLOCK_OP_DISCARD) {
        set_range(nvme, entry, index, request);
    } else if (request->op == BLOCK_OP_WRITE_ZEROES) {
        const uint32_t most = (uint32_t)ZEROES_BLOCKS_MAX << (nvme->block_shift - 9);
        slot->chunk = request->sectors < most ? request->sectors : most;
        set_blocks(nvme, entry, request->sector, slot->chunk);
    }
    slot->aborting = false;
    slot->deadline = nvme->now + nvme->command_ticks;
}

static bool nvme_room(struct drive *drive)
{
    const struct nvme *nvme = nvme_of(drive);
    return nvme->free != SLOT_NONE;
}

static void nvme_submit(struct drive *drive, const struct block_request *request)
{
    struct nvme *nvme = nvme_of(drive);
    const uint16_t index = nvme->free;
    struct nvme_slot *slot = &nvme->slot[index];
    nvme->free = slot->next;
    nvme->busy++;
    slot->busy = true;
    slot->attempts = 1;
    slot->order = nvme->order++;
    slot->request = *request;
    send(nvme, index);
    if (nvme->check == DEADLINE_NEVER) {
        nvme->check = nvme->now + clock_ns_to_ticks(CHECK_NS, nvme->drive.tsc_khz);
    }
}

static void nvme_publish(struct drive *drive)
{
    struct nvme *nvme = nvme_of(drive);
    nvme_queue_publish(nvme, &nvme->io);
}

/* ------------------------------------------------------------------ completions */

static void free_slot(struct nvme *nvme, uint16_t index)
{
    struct nvme_slot *slot = &nvme->slot[index];
    slot->busy = false;
    slot->next = nvme->free;
    nvme->free = index;
    nvme->busy--;
}

static enum block_status status_of(struct nvme *nvme, const struct nvme_slot *slot, uint16_t status)
{
    const uint32_t number = status_number(status);
    if (number == 0) {
        return BLOCK_STATUS_OK;
    }
    if (nvme->complaints < COMPLAINTS_MAX) {
        nvme->complaints++;
        log_line("operation %u at sector %llu: status 0x%x", slot->request.op,
                 (unsigned long long)slot->request.sector, (unsigned)number);
    }
    nvme->drive.health.errors++;
    drive_health_changed(&nvme->drive);
    switch (number) {
    case STATUS_INVALID_OPCODE:
        return BLOCK_STATUS_UNSUPPORTED;
    case STATUS_BEYOND_END:
        return BLOCK_STATUS_RANGE;
    case STATUS_WRITE_PROTECTED:
        return BLOCK_STATUS_READ_ONLY;
    default:
        return BLOCK_STATUS_IO_ERROR;
    }
}

static void complete(struct nvme *nvme, const struct nvme_completion *completion)
{
    if (completion->id >= NVME_COMMANDS || !nvme->slot[completion->id].busy) {
        nvme->wrong = "a completion of what was not asked, or was answered";
        return;
    }
    struct nvme_slot *slot = &nvme->slot[completion->id];
    if (slot->aborting && status_number(completion->status) == STATUS_ABORTED &&
        slot->attempts < ATTEMPTS_MAX) {
        slot->attempts++;
        send(nvme, completion->id);
        return;
    }
    const enum block_status status = status_of(nvme, slot, completion->status);
    nvme->resets = 0;
    if (status == BLOCK_STATUS_OK && slot->chunk < slot->request.sectors) {
        slot->request.sector += slot->chunk;
        slot->request.sectors -= slot->chunk;
        send(nvme, completion->id);
        return;
    }
    const uint16_t id = slot->request.id;
    free_slot(nvme, completion->id);
    drive_done(&nvme->drive, id, status);
}

/* Nothing is busy, and nothing is warned of: there is nothing to look for. */
static void set_check(struct nvme *nvme)
{
    const bool quiet = nvme->busy == 0 && nvme->drive.health.warnings == 0;
    nvme->check = quiet ? DEADLINE_NEVER : nvme->now + clock_ns_to_ticks(CHECK_NS, nvme->drive.tsc_khz);
}

void nvme_watch_health(struct nvme *nvme)
{
    nvme->health_at = nvme->now + clock_ns_to_ticks(HEALTH_NS, nvme->drive.tsc_khz);
    if (nvme->check == DEADLINE_NEVER) {
        set_check(nvme);
    }
}

/* A command that takes too long is aborted; if that does not help either, the controller is reset. */
static void check_times(struct nvme *nvme)
{
    if (nvme->now < nvme->check) {
        return;
    }
    if ((mmio_read32(nvme->bar + NVME_CSTS) & (CSTS_FATAL | CSTS_READY)) != CSTS_READY) {
        nvme->wrong = "the controller reports a fatal error"; /* or all ones: it is gone */
    }
    for (uint32_t index = 0; index < NVME_COMMANDS && nvme->wrong == NULL; index++) {
        struct nvme_slot *slot = &nvme->slot[index];
        if (!slot->busy || nvme->now < slot->deadline) {
            continue;
        }
        if (slot->aborting) {
            nvme->wrong = "a command does not end, aborted or not";
        } else if (!nvme->aborting) {
            log_line("operation %u at sector %llu takes too long: aborted", slot->request.op,
                     (unsigned long long)slot->request.sector);
            slot->aborting = true;
            slot->deadline = nvme->now + clock_ns_to_ticks(ABORT_NS, nvme->drive.tsc_khz);
            nvme_abort(nvme, (uint16_t)index);
        }
    }
    if (nvme->drive.health.warnings != 0 && nvme->now >= nvme->health_at) {
        nvme_read_health(nvme);
    }
    set_check(nvme);
}

/* ------------------------------------------------------------------ the controller's life */

static bool wait_ready(struct nvme *nvme, uint64_t cap, bool ready)
{
    enum { POLL_US = 1000 };
    const uint32_t wanted = ready ? CSTS_READY : 0;
    const uint32_t limit_ms = cap_timeout_ms(cap) + 500;
    for (uint32_t waited_ms = 0; waited_ms <= limit_ms; waited_ms++) {
        const uint32_t csts = mmio_read32(nvme->bar + NVME_CSTS);
        if (csts == UINT32_MAX || (ready && (csts & CSTS_FATAL) != 0)) {
            break;
        }
        if ((csts & CSTS_READY) == wanted) {
            return true;
        }
        drive_pause(&nvme->drive, POLL_US);
    }
    log_line("the controller did not become %s in %u ms", ready ? "ready" : "idle", limit_ms);
    return false;
}

/* [NVMe-1.4] 7.3.2 and 3.1.5: CC.EN goes from 1 to 0 only when the controller is ready or has failed; when CSTS.RDY is 0
 * afterwards all queues are gone and no DMA is under way. */
static bool disable(struct nvme *nvme, uint64_t cap)
{
    const uint32_t cc = mmio_read32(nvme->bar + NVME_CC);
    if ((cc & CC_ENABLE) != 0) {
        (void)wait_ready(nvme, cap, true);
        mmio_write32(nvme->bar + NVME_CC, cc & ~(uint32_t)CC_ENABLE);
    }
    return wait_ready(nvme, cap, false);
}

static bool usable(struct nvme *nvme, uint64_t cap)
{
    nvme->doorbell_stride = cap_doorbell_stride(cap);
    if (cap == UINT64_MAX || (cap >> CAP_NVM_COMMAND_SET_SHIFT & 1) == 0 || cap_page_shift_min(cap) != 12 ||
        cap_queue_entries(cap) < 2 || NVME_DOORBELLS + 4 * nvme->doorbell_stride > NVME_BAR_BYTES) {
        log_line("a controller with capabilities 0x%llx cannot be used", (unsigned long long)cap);
        return false;
    }
    return true;
}

/* [NVMe-1.4] 7.6.1. */
static bool enable(struct nvme *nvme, uint64_t cap)
{
    nvme_queue_init(nvme, &nvme->admin, 0, NVME_ADMIN_ENTRIES);
    mmio_write32(nvme->bar + NVME_AQA, (NVME_ADMIN_ENTRIES - 1) << 16 | (NVME_ADMIN_ENTRIES - 1));
    mmio_write64(nvme->bar + NVME_ASQ, nvme->iova + offsetof(struct nvme_memory, admin_submission));
    mmio_write64(nvme->bar + NVME_ACQ, nvme->iova + offsetof(struct nvme_memory, admin_completion));
    mmio_write32(nvme->bar + NVME_CC, CC_ENABLE | CC_SUBMISSION_ENTRY_64 | CC_COMPLETION_ENTRY_16);
    return wait_ready(nvme, cap, true);
}

/* [NVMe-1.4] 5.3, 5.4, 5.21.1.7: one pair, with vector 0. */
static bool make_queues(struct nvme *nvme, uint64_t cap)
{
    const uint32_t most = cap_queue_entries(cap);
    const uint16_t entries = (uint16_t)(most < NVME_IO_ENTRIES ? most : NVME_IO_ENTRIES);
    const uint32_t size = (uint32_t)(entries - 1) << 16 | 1;
    const struct nvme_command commands[] = {
        {.opcode = ADMIN_SET_FEATURES, .dword10 = FEATURE_QUEUES},
        {.opcode = ADMIN_CREATE_COMPLETION,
         .prp1 = nvme->iova + offsetof(struct nvme_memory, io_completion),
         .dword10 = size,
         .dword11 = QUEUE_CONTIGUOUS | QUEUE_INTERRUPTS},
        {.opcode = ADMIN_CREATE_SUBMISSION,
         .prp1 = nvme->iova + offsetof(struct nvme_memory, io_submission),
         .dword10 = size,
         .dword11 = 1 << 16 | QUEUE_CONTIGUOUS},
    };
    nvme_queue_init(nvme, &nvme->io, 1, entries);
    nvme->depth = (uint16_t)(entries - 1);
    for (uint32_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint32_t result;
        if (!nvme_admin_command(nvme, &commands[i], &result)) {
            return false;
        }
    }
    return true;
}

static void forget_requests(struct nvme *nvme)
{
    nvme->free = 0;
    nvme->busy = 0;
    for (uint32_t index = 0; index < NVME_COMMANDS; index++) {
        nvme->slot[index].busy = false;
        nvme->slot[index].next = index + 1 < nvme->depth ? (uint16_t)(index + 1) : (uint16_t)SLOT_NONE;
    }
}

/* Resets the controller and brings it up; slots are left as they are. */
static bool bring_up(struct nvme *nvme, struct block_geometry *geometry)
{
    const uint64_t cap = mmio_read64(nvme->bar + NVME_CAP);
    nvme->wrong = NULL;
    nvme->aborting = nvme->asking = nvme->logging = nvme->event_waits = false;
    nvme->complaints = nvme->events = 0;
    if (!usable(nvme, cap) || !disable(nvme, cap) || !enable(nvme, cap) || !nvme_identify(nvme, geometry) ||
        !make_queues(nvme, cap)) {
        return false;
    }
    nvme_enable_events(nvme);
    nvme_read_health(nvme);
    return true;
}

bool nvme_start(struct nvme *nvme, struct block_geometry *geometry)
{
    nvme->check = DEADLINE_NEVER;
    nvme->resets = 0;
    const bool up = bring_up(nvme, geometry);
    forget_requests(nvme);
    return up;
}

static bool start(struct drive *drive, struct block_geometry *geometry)
{
    return nvme_start(nvme_of(drive), geometry);
}

static struct nvme_slot *oldest_after(struct nvme *nvme, uint64_t order)
{
    struct nvme_slot *oldest = NULL;
    for (uint32_t index = 0; index < NVME_COMMANDS; index++) {
        struct nvme_slot *slot = &nvme->slot[index];
        if (slot->busy && slot->order >= order && (oldest == NULL || slot->order < oldest->order)) {
            oldest = slot;
        }
    }
    return oldest;
}

/* What was at the device is sent again, in the order in which it came: no two of them write the same sector. */
static void send_again(struct nvme *nvme)
{
    struct nvme_slot *slot;
    for (uint64_t order = 0; (slot = oldest_after(nvme, order)) != NULL; order = slot->order + 1) {
        const uint16_t index = (uint16_t)(slot - nvme->slot);
        if (slot->attempts++ < ATTEMPTS_MAX) {
            send(nvme, index);
        } else {
            free_slot(nvme, index);
            drive_done(&nvme->drive, slot->request.id, BLOCK_STATUS_IO_ERROR);
        }
    }
    nvme_queue_publish(nvme, &nvme->io);
}

static bool recover(struct nvme *nvme)
{
    const uint16_t depth = nvme->depth;
    struct block_geometry geometry;
    log_line("%s: the controller is reset, %u requests are sent again", nvme->wrong, nvme->busy);
    nvme->drive.health.resets++;
    drive_health_changed(&nvme->drive);
    if (nvme->resets++ == RESETS_MAX || !bring_up(nvme, &geometry)) {
        return false;
    }
    if (nvme->depth != depth || geometry.sectors != nvme->drive.geometry.sectors ||
        geometry.block_bytes != nvme->drive.geometry.block_bytes) {
        log_line("the controller came back as another one");
        return false;
    }
    send_again(nvme);
    return true;
}

static bool nvme_poll(struct drive *drive, uint64_t now)
{
    struct nvme *nvme = nvme_of(drive);
    struct nvme_completion completion;
    nvme->now = now;
    while (nvme_queue_take(nvme, &nvme->io, &completion)) {
        complete(nvme, &completion);
    }
    nvme_queue_release(nvme, &nvme->io);
    nvme_queue_publish(nvme, &nvme->io);
    nvme_admin_poll(nvme);
    check_times(nvme);
    return nvme->wrong == NULL || recover(nvme);
}

static uint64_t deadline(const struct drive *drive)
{
    const struct nvme *nvme =
        (const struct nvme *)(const void *)((const uint8_t *)drive - offsetof(struct nvme, drive));
    return nvme->check;
}

const struct drive_ops nvme_ops = {
    .start = start,
    .room = nvme_room,
    .submit = nvme_submit,
    .publish = nvme_publish,
    .poll = nvme_poll,
    .deadline = deadline,
};

void nvme_init(struct nvme *nvme, void *bar, void *memory, uint64_t iova, uint64_t tsc_khz)
{
    *nvme = (struct nvme){.drive = {.ops = &nvme_ops, .tsc_khz = tsc_khz},
                          .bar = bar,
                          .memory = memory,
                          .iova = iova,
                          .command_ticks = clock_ns_to_ticks(COMMAND_NS, tsc_khz),
                          .check = DEADLINE_NEVER};
}
