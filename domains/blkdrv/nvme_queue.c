/* The rings of one queue pair: [NVMe-1.4] 4.1. */
#include "nvme.h"

#include <mmio.h>

void nvme_queue_init(struct nvme *nvme, struct nvme_queue *queue, uint16_t number, uint16_t entries)
{
    struct nvme_memory *memory = nvme->memory;
    *queue = (struct nvme_queue){
        .submission = number == 0 ? memory->admin_submission : memory->io_submission,
        .completion = number == 0 ? memory->admin_completion : memory->io_completion,
        .doorbell = NVME_DOORBELLS + 2u * number * nvme->doorbell_stride,
        .number = number,
        .entries = entries,
        .phase = 1,
    };
    /* The first round is told from what stood here before by its phase. */
    for (uint32_t i = 0; i < entries; i++) {
        queue->completion[i].status = 0;
    }
    for (uint32_t i = 0; i < entries; i++) {
        volatile struct nvme_command *entry = &queue->submission[i];
        entry->flags = 0;
        entry->reserved = entry->metadata = 0;
        entry->dword13 = entry->dword14 = entry->dword15 = 0;
    }
}

static uint16_t after(const struct nvme_queue *queue, uint16_t index)
{
    return (uint16_t)(index + 1 == queue->entries ? 0 : index + 1);
}

volatile struct nvme_command *nvme_queue_next(struct nvme_queue *queue, uint8_t opcode, uint16_t id)
{
    volatile struct nvme_command *entry = &queue->submission[queue->tail];
    queue->tail = after(queue, queue->tail);
    entry->opcode = opcode;
    entry->id = id;
    entry->namespace_id = 0;
    entry->prp1 = entry->prp2 = 0;
    entry->dword10 = entry->dword11 = entry->dword12 = 0;
    return entry;
}

void nvme_queue_publish(struct nvme *nvme, struct nvme_queue *queue)
{
    if (queue->tail != queue->tail_shown) {
        queue->tail_shown = queue->tail;
        mmio_write32(nvme->bar + queue->doorbell, queue->tail);
    }
}

/* The head that the device reports lies between the last one and the tail that it was shown. */
static bool head_possible(const struct nvme_queue *queue, uint16_t head)
{
    const uint32_t entries = queue->entries;
    return head < entries && (head + entries - queue->head_seen) % entries <=
                                 (queue->tail_shown + entries - queue->head_seen) % entries;
}

/* [NVMe-1.4] 4.6: the phase is in the last word written; what stands before it is read after it. */
bool nvme_queue_take(struct nvme *nvme, struct nvme_queue *queue, struct nvme_completion *completion)
{
    const volatile struct nvme_completion *entry = &queue->completion[queue->completion_head];
    const uint16_t status = __atomic_load_n(&entry->status, __ATOMIC_ACQUIRE);
    if ((status & 1) != queue->phase || nvme->wrong != NULL) {
        return false;
    }
    completion->result = entry->result;
    completion->reserved = 0;
    completion->queue_head = entry->queue_head;
    completion->queue = entry->queue;
    completion->id = entry->id;
    completion->status = status;
    if (completion->queue != queue->number || !head_possible(queue, completion->queue_head)) {
        nvme->wrong = "a completion names a queue or a head that cannot be";
        return false;
    }
    queue->head_seen = completion->queue_head;
    queue->completion_head = after(queue, queue->completion_head);
    queue->phase ^= queue->completion_head == 0;
    return true;
}

void nvme_queue_release(struct nvme *nvme, struct nvme_queue *queue)
{
    if (queue->completion_head != queue->completion_shown) {
        queue->completion_shown = queue->completion_head;
        mmio_write32(nvme->bar + queue->doorbell + nvme->doorbell_stride, queue->completion_head);
    }
}
