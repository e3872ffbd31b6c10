/* Commands of the administration queue: [NVMe-1.4] 5. */
#include "nvme.h"

#include <log.h>

/* What a command's identifier says about it. */
enum { ID_WAITED_FOR = 0, ID_EVENT = 1, ID_LOG = 2, ID_ABORT = 3 };

/* [NVMe-1.4] 5.14: the page of SMART, and how much is read of any. */
enum { LOG_HEALTH = 2, LOG_BYTES = 512 };

static uint64_t page_iova(const struct nvme *nvme)
{
    return nvme->iova + offsetof(struct nvme_memory, page);
}

bool nvme_admin_command(struct nvme *nvme, const struct nvme_command *command, uint32_t *result)
{
    enum { POLL_US = 1000, TIMEOUT_MS = 5000 };
    struct nvme_completion completion;
    volatile struct nvme_command *entry = nvme_queue_next(&nvme->admin, command->opcode, ID_WAITED_FOR);
    entry->namespace_id = command->namespace_id;
    entry->prp1 = command->prp1;
    entry->dword10 = command->dword10;
    entry->dword11 = command->dword11;
    nvme_queue_publish(nvme, &nvme->admin);
    for (uint32_t waited_us = 0; !nvme_queue_take(nvme, &nvme->admin, &completion); waited_us += POLL_US) {
        if (nvme->wrong != NULL || waited_us >= TIMEOUT_MS * 1000) {
            log_line("admin command 0x%x: %s", command->opcode,
                     nvme->wrong != NULL ? nvme->wrong : "no answer");
            return false;
        }
        drive_pause(&nvme->drive, POLL_US);
    }
    nvme_queue_release(nvme, &nvme->admin);
    if (completion.id != ID_WAITED_FOR || status_number(completion.status) != 0) {
        log_line("admin command 0x%x: status 0x%x", command->opcode,
                 (unsigned)status_number(completion.status));
        return false;
    }
    *result = completion.result;
    return true;
}

static bool identify(struct nvme *nvme, uint32_t what, uint32_t namespace_id, uint8_t *out)
{
    uint32_t result;
    const struct nvme_command command = {
        .opcode = ADMIN_IDENTIFY, .namespace_id = namespace_id, .prp1 = page_iova(nvme), .dword10 = what};
    if (!nvme_admin_command(nvme, &command, &result)) {
        return false;
    }
    /* Copied once: the device could change its page while it is looked at. */
    const volatile uint8_t *page = nvme->memory->page;
    for (uint32_t i = 0; i < NVME_PAGE_BYTES; i++) {
        out[i] = page[i];
    }
    return true;
}

static uint64_t little(const uint8_t *bytes, uint32_t count)
{
    uint64_t value = 0;
    while (count != 0) {
        count--;
        value = value << 8 | bytes[count];
    }
    return value;
}

/* [NVMe-1.4] 5.15.2.2. */
static bool read_controller(const uint8_t *data, struct block_geometry *geometry)
{
    const uint8_t mdts = data[CONTROLLER_MDTS];
    const uint32_t optional = (uint32_t)little(data + CONTROLLER_ONCS, 2);
    /* The smallest entries must be those that the standard requires, or others would be wanted. */
    if ((data[CONTROLLER_SQES] & 0xf) > 6 || data[CONTROLLER_SQES] >> 4 < 6 ||
        (data[CONTROLLER_CQES] & 0xf) > 4 || data[CONTROLLER_CQES] >> 4 < 4) {
        log_line("entries of the queues cannot be of 64 and 16 bytes");
        return false;
    }
    if (mdts != 0 && mdts < 4) { /* 2^mdts pages of 4 KiB */
        log_line("transfers of %u KiB at most; 64 are needed", 4u << mdts);
        return false;
    }
    geometry->features = 1u << BLOCK_OP_READ | 1u << BLOCK_OP_WRITE | 1u << BLOCK_OP_FLUSH;
    geometry->features |= (optional & ONCS_DATASET_MANAGEMENT) != 0 ? 1u << BLOCK_OP_DISCARD : 0;
    geometry->features |= (optional & ONCS_WRITE_ZEROES) != 0 ? 1u << BLOCK_OP_WRITE_ZEROES : 0;
    for (uint32_t i = 0; i < CONTROLLER_SERIAL_BYTES; i++) {
        const uint8_t letter = data[CONTROLLER_SERIAL + i];
        geometry->serial[i] = letter > 0x20 && letter < 0x7f ? letter : 0;
    }
    return true;
}

/* [NVMe-1.4] 5.15.2.1: size, and the format in use: blocks of 512 to 4096 bytes without metadata or protection. */
static bool read_namespace(struct nvme *nvme, const uint8_t *data, struct block_geometry *geometry)
{
    const uint64_t blocks = little(data + NAMESPACE_SIZE, 8);
    const uint8_t *format = data + NAMESPACE_FORMATS + 4u * (data[NAMESPACE_FORMAT] & 0xf);
    const uint32_t metadata_bytes = (uint32_t)little(format, 2);
    const uint8_t shift = format[2];
    if (shift < 9 || shift > 12 || metadata_bytes != 0 || (data[NAMESPACE_PROTECTION] & 7) != 0) {
        log_line("namespace 1: blocks of 2^%u bytes with %u of metadata cannot be used", shift,
                 metadata_bytes);
        return false;
    }
    if (blocks == 0 || blocks > UINT64_MAX >> shift) {
        log_line("namespace 1: %llu blocks cannot be", (unsigned long long)blocks);
        return false;
    }
    nvme->block_shift = shift;
    geometry->block_bytes = 1u << shift;
    geometry->sectors = blocks << (shift - 9);
    return true;
}

bool nvme_identify(struct nvme *nvme, struct block_geometry *geometry)
{
    static uint8_t data[NVME_PAGE_BYTES]; /* one thread; too large for a stack frame */
    *geometry = (struct block_geometry){0};
    return identify(nvme, IDENTIFY_CONTROLLER, 0, data) && read_controller(data, geometry) &&
           identify(nvme, IDENTIFY_NAMESPACE, 1, data) && read_namespace(nvme, data, geometry);
}

void nvme_enable_events(struct nvme *nvme)
{
    uint32_t result;
    const struct nvme_command command = {
        .opcode = ADMIN_SET_FEATURES, .dword10 = FEATURE_EVENTS, .dword11 = EVENTS_HEALTH};
    /* A device that refuses has said so in the log; it is served without. */
    (void)nvme_admin_command(nvme, &command, &result);
}

/* [NVMe-1.4] 5.2: stays with the device until something happens. */
void nvme_ask_events(struct nvme *nvme)
{
    (void)nvme_queue_next(&nvme->admin, ADMIN_EVENT, ID_EVENT);
    nvme->asking = true;
    nvme_queue_publish(nvme, &nvme->admin);
}

/* [NVMe-1.4] 5.1: one at a time, which every controller allows. */
void nvme_abort(struct nvme *nvme, uint16_t slot)
{
    volatile struct nvme_command *entry = nvme_queue_next(&nvme->admin, ADMIN_ABORT, ID_ABORT);
    entry->dword10 = (uint32_t)slot << 16 | nvme->io.number;
    nvme->aborting = true;
    nvme_queue_publish(nvme, &nvme->admin);
}

static void read_log(struct nvme *nvme, uint8_t page)
{
    volatile struct nvme_command *entry = nvme_queue_next(&nvme->admin, ADMIN_GET_LOG_PAGE, ID_LOG);
    entry->namespace_id = UINT32_MAX;
    entry->prp1 = page_iova(nvme);
    entry->dword10 = (LOG_BYTES / 4 - 1) << 16 | page;
    nvme->logging = true;
    nvme->log_page = page;
    nvme_queue_publish(nvme, &nvme->admin);
}

void nvme_read_health(struct nvme *nvme)
{
    if (!nvme->logging) {
        read_log(nvme, LOG_HEALTH);
    }
}

/* A device that does nothing but tell is not asked any more until its next start. */
enum { EVENTS_MAX = 16 };

/* [NVMe-1.4] 5.2: reading the page that an event names makes the device report the next one. There is one page in memory, so
 * one log at a time. */
static void read_next(struct nvme *nvme)
{
    if (nvme->event_waits && !nvme->logging) {
        nvme->event_waits = false;
        read_log(nvme, nvme->event_page);
    } else if (!nvme->asking && !nvme->logging && nvme->events++ < EVENTS_MAX) {
        nvme_ask_events(nvme);
    }
}

static void event_came(struct nvme *nvme, uint32_t result)
{
    const uint32_t type = result & 7, detail = result >> 8 & 0xff, page = result >> 16 & 0xff;
    log_line("event of type %u, 0x%x, log page %u", type, detail, page);
    nvme->event_waits = true;
    nvme->event_page = (uint8_t)page;
    read_next(nvme);
}

/* [NVMe-1.4] 5.14.1.2: what the device says here is only told. */
static void health_came(struct nvme *nvme)
{
    const volatile uint8_t *page = nvme->memory->page;
    struct block_health *health = &nvme->drive.health;
    const uint32_t before = health->warnings;
    health->warnings = page[0];
    health->temperature_k = (uint32_t)page[1] | (uint32_t)page[2] << 8;
    health->spare_percent = page[3];
    health->used_percent = page[5];
    if (health->warnings != before) {
        log_line("health: warnings 0x%x, %u K, spare %u%%, used %u%%", health->warnings,
                 health->temperature_k, health->spare_percent, health->used_percent);
    }
    drive_health_changed(&nvme->drive);
    nvme_watch_health(nvme);
}

static void log_came(struct nvme *nvme, uint16_t status)
{
    nvme->logging = false;
    if (status_number(status) == 0 && nvme->log_page == LOG_HEALTH) {
        health_came(nvme);
    }
    read_next(nvme);
}

void nvme_admin_poll(struct nvme *nvme)
{
    struct nvme_completion completion;
    while (nvme_queue_take(nvme, &nvme->admin, &completion)) {
        if (completion.id == ID_EVENT && nvme->asking && status_number(completion.status) == 0) {
            nvme->asking = false;
            event_came(nvme, completion.result);
        } else if (completion.id == ID_EVENT && nvme->asking) {
            nvme->asking = false; /* it has no events to give */
        } else if (completion.id == ID_LOG && nvme->logging) {
            log_came(nvme, completion.status);
        } else if (completion.id == ID_ABORT && nvme->aborting) {
            nvme->aborting = false;
        } else {
            nvme->wrong = "an answer to what was not asked";
        }
    }
    nvme_queue_release(nvme, &nvme->admin);
}
