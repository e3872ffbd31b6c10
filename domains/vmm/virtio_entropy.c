#include "virtio_entropy.h"

#define QUEUE_SIZE 16u
/* For one buffer; a driver that wants more asks again. */
#define BYTES_MAX 256u
#define RETRIES 10u /* [SDM-2023-09] Vol 1 7.3.17.1 */
#define SAMPLES 8u

bool virtio_entropy_word(uint64_t *value)
{
    for (uint32_t i = 0; i < RETRIES; i++) {
        if (host_random(value)) {
            return true;
        }
    }
    return false;
}

/* Processors are known that answered one value for ever, and said it was good. No two of so few samples are equal by
 * chance. */
bool virtio_entropy_works(bool has_rdrand)
{
    uint64_t sample[SAMPLES];
    if (!has_rdrand) {
        return false;
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        if (!virtio_entropy_word(&sample[i])) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (sample[j] == sample[i]) {
                return false;
            }
        }
    }
    return true;
}

void virtio_entropy_attach(struct virtio_entropy *entropy, struct pci_function *function,
                           struct memory *memory, struct lapic *lapic)
{
    virtio_init(&entropy->virtio, function, memory, lapic, 1, QUEUE_SIZE);
    entropy->virtio.offered = VIRTIO_F_COMMON;
}

/* 5.4.6.2: at least one byte for each buffer. False: the processor gave none. */
static bool fill(struct virtio_entropy *entropy)
{
    const struct virtqueue_chain *chain = &entropy->chain;
    uint64_t want = min_u64(chain->writable_bytes, BYTES_MAX), done = 0, value;
    while (done < want && virtio_entropy_word(&value)) {
        done += virtqueue_scatter(chain->segment + chain->readable, chain->writable, done, &value,
                                  min_u64(sizeof value, want - done));
    }
    virtqueue_return(&entropy->virtio.queue[0], chain->head, (uint32_t)done);
    entropy->given += done;
    return done != 0;
}

void virtio_entropy_work(struct virtio_entropy *entropy)
{
    struct virtio *device = &entropy->virtio;
    struct virtqueue *queue = &device->queue[0];
    while (virtio_runs(device)) {
        enum virtqueue_taken taken = virtqueue_take(queue, &entropy->chain);
        if (taken == VIRTQUEUE_EMPTY) {
            (void)virtqueue_sleep(queue, 0);
            virtio_complete(device, 0);
            return;
        }
        if (taken == VIRTQUEUE_BROKEN) {
            virtio_break(device, queue->broken);
        } else if (!fill(entropy)) {
            virtio_break(device, "a request for random numbers that the processor does not give");
        }
    }
}
