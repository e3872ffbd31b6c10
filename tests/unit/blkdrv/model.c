#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "fake/mmio.h"

struct model model;
uint8_t model_bar[NVME_BAR_BYTES];
struct nvme_memory *model_memory;

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void model_reset(uint32_t block_shift)
{
    memset(&model, 0, sizeof model);
    if (model_memory == NULL)
        model_memory = aligned_alloc(4096, NVME_DMA_BYTES);
    memset(model_memory, 0xa5, NVME_DMA_BYTES); /* left over from somebody else */
    model.cap = (uint64_t)(1024 - 1) | UINT64_C(4) << 24 | UINT64_C(1) << CAP_NVM_COMMAND_SET_SHIFT;
    model.block_shift = block_shift;
    model.ready_after = 2;
    memcpy(model.controller + CONTROLLER_SERIAL, "bulkhead            ", 20);
    model.controller[CONTROLLER_MDTS] = 7;
    model.controller[CONTROLLER_SQES] = 0x66;
    model.controller[CONTROLLER_CQES] = 0x44;
    put(model.controller + CONTROLLER_ONCS, ONCS_DATASET_MANAGEMENT | ONCS_WRITE_ZEROES, 2);
    put(model.name_space + NAMESPACE_SIZE, (uint64_t)MODEL_SECTORS >> (block_shift - 9), 8);
    model.name_space[NAMESPACE_FORMAT] = 2;
    model.name_space[NAMESPACE_FORMATS + 2 * 4 + 2] = (uint8_t)block_shift;
}

static uint8_t *reach(uint64_t iova, uint64_t bytes)
{
    if (iova >= MODEL_MEMORY_IOVA && iova - MODEL_MEMORY_IOVA + bytes <= NVME_DMA_BYTES)
        return (uint8_t *)model_memory + (iova - MODEL_MEMORY_IOVA);
    if (iova >= MODEL_POOL_IOVA && iova - MODEL_POOL_IOVA + bytes <= MODEL_POOL_BYTES)
        return model.pool + (iova - MODEL_POOL_IOVA);
    model.offences++;
    return NULL;
}

static void offence(bool happened)
{
    model.offences += happened;
}

void model_post(uint32_t number, struct nvme_completion completion)
{
    completion.status = (uint16_t)((completion.status & ~1u) | model.queue[number].phase);
    uint8_t *at = reach(model.queue[number].completion + 16 * model.queue[number].completion_tail, 16);
    if (at != NULL)
        memcpy(at, &completion, sizeof completion);
    if (++model.queue[number].completion_tail == model.queue[number].entries) {
        model.queue[number].completion_tail = 0;
        model.queue[number].phase ^= 1;
    }
}

static void answer(uint32_t number, uint16_t id, uint32_t result, uint16_t status)
{
    model_post(number, (struct nvme_completion){.result = result,
                                                .queue_head = (uint16_t)model.queue[number].head,
                                                .queue = (uint16_t)number,
                                                .id = id,
                                                .status = (uint16_t)(status << 1)});
}

static void make_queue(uint32_t number, bool submission, const struct nvme_command *command)
{
    const uint32_t entries = (command->dword10 >> 16) + 1;
    offence((command->dword10 & 0xffff) != 1 || (command->dword11 & 1) == 0 ||
            entries > (model.cap & 0xffff) + 1);
    offence(command->prp1 % 4096 != 0 || reach(command->prp1, entries * (submission ? 64 : 16)) == NULL);
    if (submission) {
        offence(model.queue[number].completion == 0 || entries != model.queue[number].entries ||
                command->dword11 >> 16 != 1);
        model.queue[number].submission = command->prp1;
        model.queue[number].there = true;
    } else {
        model.queue[number].completion = command->prp1;
        model.queue[number].entries = entries;
        model.queue[number].phase = 1;
    }
}

static void identify(const struct nvme_command *command)
{
    uint8_t *at = reach(command->prp1, 4096);
    offence(command->dword10 > 1 || (command->dword10 == IDENTIFY_NAMESPACE && command->namespace_id != 1));
    if (at != NULL)
        memcpy(at, command->dword10 == IDENTIFY_CONTROLLER ? model.controller : model.name_space, 4096);
}

static void abort_command(const struct nvme_command *command)
{
    model.aborts++;
    offence((command->dword10 & 0xffff) != 1);
    for (uint32_t i = 0; i < model.held_count && !model.refuse_abort; i++) {
        if (model.held[i].id == command->dword10 >> 16) {
            answer(1, model.held[i].id, 0, STATUS_ABORTED);
            memmove(&model.held[i], &model.held[i + 1], (--model.held_count - i) * sizeof model.held[0]);
            break;
        }
    }
    answer(0, command->id, model.refuse_abort, 0);
}

/* False: it is not answered. One at a time, since the driver has one page for them. */
static bool read_log(const struct nvme_command *command)
{
    const uint32_t bytes = ((command->dword10 >> 16) + 1) * 4;
    uint8_t *at = reach(command->prp1, bytes);
    offence(at != NULL && bytes != sizeof model.health);
    if (at != NULL && (command->dword10 & 0xff) == 2)
        memcpy(at, model.health, sizeof model.health);
    model.logs++;
    return !model.deaf_logs;
}

static void administer(const struct nvme_command *command)
{
    if (model.deaf_admin)
        return;
    if (model.admin_fail == command->opcode + 1) {
        answer(0, command->id, 0, 0x2);
        return;
    }
    switch (command->opcode) {
    case ADMIN_IDENTIFY:
        identify(command);
        break;
    case ADMIN_SET_FEATURES:
        offence(command->dword10 != FEATURE_QUEUES && command->dword10 != FEATURE_EVENTS);
        model.events = command->dword10 == FEATURE_EVENTS ? command->dword11 : model.events;
        break;
    case ADMIN_CREATE_COMPLETION:
        make_queue(1, false, command);
        break;
    case ADMIN_CREATE_SUBMISSION:
        make_queue(1, true, command);
        break;
    case ADMIN_EVENT:
        offence(model.events_pending != 0);
        model.events_pending = (uint16_t)(command->id + 1);
        return;
    case ADMIN_GET_LOG_PAGE:
        if (read_log(command))
            break;
        return;
    case ADMIN_ABORT:
        abort_command(command);
        return;
    default:
        model.offences++;
        break;
    }
    answer(0, command->id, 0, 0);
}

void model_event(uint32_t result)
{
    const uint16_t id = (uint16_t)(model.events_pending - 1);
    model.events_pending = 0;
    answer(0, id, result, 0);
}

/* The address of page @page of a transfer of @pages: [NVMe-1.4] 4.3. */
static uint64_t page_of(const struct nvme_command *command, uint32_t pages, uint32_t page)
{
    if (page == 0)
        return command->prp1;
    if (pages == 2)
        return command->prp2;
    const uint8_t *list = reach(command->prp2 + 8 * (page - 1), 8);
    uint64_t address = 0;
    offence(command->prp2 % 8 != 0 || command->prp2 / 4096 != (command->prp2 + 8 * (pages - 1) - 1) / 4096);
    if (list != NULL)
        memcpy(&address, list, 8);
    return address;
}

static void transfer(const struct nvme_command *command, bool write)
{
    const uint32_t bytes = ((command->dword12 & 0xffff) + 1) << model.block_shift;
    const uint64_t first = (command->dword10 | (uint64_t)command->dword11 << 32) << model.block_shift;
    const uint32_t pages = (bytes + 4095) / 4096;
    offence(first + bytes > sizeof model.disk);
    for (uint32_t page = 0; page < pages && first + bytes <= sizeof model.disk; page++) {
        const uint32_t here = page + 1 == pages ? bytes - page * 4096 : 4096;
        uint8_t *at = reach(page_of(command, pages, page), here);
        if (at != NULL)
            memcpy(write ? model.disk + first + page * 4096 : at,
                   write ? at : model.disk + first + page * 4096, here);
    }
}

static void zero(uint64_t block, uint64_t blocks)
{
    const uint64_t first = block << model.block_shift, bytes = blocks << model.block_shift;
    if (first < sizeof model.disk)
        memset(model.disk + first, 0, first + bytes <= sizeof model.disk ? bytes : sizeof model.disk - first);
}

static void carry_out(const struct nvme_command *command)
{
    const uint64_t block = command->dword10 | (uint64_t)command->dword11 << 32;
    uint16_t status = model.status;
    model.status = 0;
    offence(command->namespace_id != 1 || command->flags != 0 || command->metadata != 0);
    if (status == 0 && command->opcode == IO_DATASET_MANAGEMENT) {
        const uint8_t *at = reach(command->prp1, 16);
        struct nvme_range range = {0};
        offence(command->dword10 != 0 || command->dword11 != DATASET_DEALLOCATE);
        if (at != NULL)
            memcpy(&range, at, sizeof range);
        zero(range.first, range.blocks);
    } else if (status == 0 && command->opcode == IO_WRITE_ZEROES) {
        zero(block, (command->dword12 & 0xffff) + UINT64_C(1));
    } else if (status == 0 && command->opcode != IO_FLUSH) {
        transfer(command, command->opcode == IO_WRITE);
    }
    answer(1, command->id, 0, status);
}

void model_finish(uint32_t position)
{
    const struct nvme_command command = model.held[position];
    memmove(&model.held[position], &model.held[position + 1],
            (--model.held_count - position) * sizeof model.held[0]);
    carry_out(&command);
}

static void fetch(uint32_t number)
{
    while (model.queue[number].head != model.queue[number].tail) {
        struct nvme_command command = {0};
        const uint8_t *at = reach(model.queue[number].submission + 64 * model.queue[number].head, 64);
        if (at != NULL)
            memcpy(&command, at, sizeof command);
        model.queue[number].head = (model.queue[number].head + 1) % model.queue[number].entries;
        if (number == 0) {
            administer(&command);
            continue;
        }
        model.seen[model.seen_count++ % MODEL_LOG] =
            (struct model_seen){command.opcode, command.id, command.dword10 | (uint64_t)command.dword11 << 32,
                                (command.dword12 & 0xffff) + 1};
        if (model.hold)
            model.held[model.held_count++] = command;
        else
            carry_out(&command);
    }
}

static void doorbell(uint32_t offset, uint32_t value)
{
    const uint32_t stride = cap_doorbell_stride(model.cap);
    const uint32_t index = (offset - NVME_DOORBELLS) / stride;
    model.doorbells++;
    offence(index > 3 || (offset - NVME_DOORBELLS) % stride != 0 || (model.csts & CSTS_READY) == 0);
    if (index > 3 || !model.queue[index / 2].there || value >= model.queue[index / 2].entries) {
        model.offences++;
        return;
    }
    if (index % 2 == 1) {
        model.queue[index / 2].completion_head = value;
        return;
    }
    model.queue[index / 2].tail = value;
    fetch(index / 2);
}

/* [NVMe-1.4] 7.3.2: a reset takes queues and commands away. */
static void set_cc(uint32_t value)
{
    const bool was = model.cc & CC_ENABLE, is = value & CC_ENABLE;
    model.cc = value;
    model.pauses = 0;
    if (was && !is) {
        offence((model.csts & (CSTS_READY | CSTS_FATAL)) == 0 && !model.never_ready);
        model.resets++;
        memset(model.queue, 0, sizeof model.queue);
        model.held_count = model.events_pending = 0;
        model.csts &= ~(uint32_t)CSTS_FATAL;
    }
    if (!was && is) {
        offence(value != (CC_ENABLE | CC_SUBMISSION_ENTRY_64 | CC_COMPLETION_ENTRY_16));
        offence((model.csts & CSTS_READY) != 0 || (model.aqa & 0xfff) != model.aqa >> 16);
        model.queue[0].submission = model.asq;
        model.queue[0].completion = model.acq;
        model.queue[0].entries = (model.aqa & 0xfff) + 1;
        model.queue[0].phase = 1;
        model.queue[0].there = true;
    }
}

void model_pause(void)
{
    if (++model.pauses < model.ready_after)
        return;
    if ((model.cc & CC_ENABLE) != 0 && !model.never_ready)
        model.csts |= CSTS_READY;
    if ((model.cc & CC_ENABLE) == 0 && !model.never_idle)
        model.csts &= ~(uint32_t)CSTS_READY;
}

static uint32_t offset_of(const void *address)
{
    return (uint32_t)((const uint8_t *)address - model_bar);
}

uint32_t model_read32(const void *address)
{
    switch (offset_of(address)) {
    case NVME_CC:
        return model.cc;
    case NVME_CSTS:
        return model.csts;
    default:
        model.offences++;
        return 0;
    }
}

uint64_t model_read64(const void *address)
{
    offence(offset_of(address) != NVME_CAP);
    return model.cap;
}

void model_write32(void *address, uint32_t value)
{
    const uint32_t offset = offset_of(address);
    if (offset == NVME_CC)
        set_cc(value);
    else if (offset == NVME_AQA)
        model.aqa = value;
    else if (offset >= NVME_DOORBELLS && offset < NVME_BAR_BYTES)
        doorbell(offset, value);
    else
        model.offences++;
}

void model_write64(void *address, uint64_t value)
{
    const uint32_t offset = offset_of(address);
    offence((offset != NVME_ASQ && offset != NVME_ACQ) || value % 4096 != 0);
    if (offset == NVME_ASQ)
        model.asq = value;
    else
        model.acq = value;
}
