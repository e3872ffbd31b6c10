#include "virtio_console.h"

#define QUEUE_SIZE 16u /* a driver gives a page for each entry of the first */

enum { QUEUE_RECEIVE, QUEUE_TRANSMIT };

void virtio_console_attach(struct virtio_console *console, struct pci_function *function,
                           struct memory *memory, struct lapic *lapic)
{
    virtio_init(&console->virtio, function, memory, lapic, 2, QUEUE_SIZE);
    console->virtio.offered = VIRTIO_F_COMMON;
}

/* The buffer on its way is the driver's again, and nothing of it is returned. */
void virtio_console_reset(struct virtio_console *console)
{
    console->sending = false;
}

/* The next chain of @queue. Without one a notification is asked for; with one none is needed before the next look. */
static bool take(struct virtio_console *console, uint32_t index, struct virtqueue_chain *chain)
{
    struct virtio *device = &console->virtio;
    struct virtqueue *queue = &device->queue[index];
    while (virtio_runs(device)) {
        switch (virtqueue_take(queue, chain)) {
        case VIRTQUEUE_CHAIN:
            virtqueue_mute(queue);
            return true;
        case VIRTQUEUE_EMPTY:
            if (virtqueue_sleep(queue, 0)) {
                return false;
            }
            break;
        case VIRTQUEUE_BROKEN:
            virtio_break(device, queue->broken);
            break;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ from the guest */

/* 5.3.6.1: what is sent is to be read. */
static bool take_output(struct virtio_console *console)
{
    if (!take(console, QUEUE_TRANSMIT, &console->output)) {
        return false;
    }
    if (console->output.writable != 0) {
        virtio_break(&console->virtio, "a buffer to write among what is sent");
        return false;
    }
    console->sending = true;
    console->done = 0;
    return true;
}

uint64_t virtio_console_output(struct virtio_console *console, const uint8_t **bytes)
{
    const struct virtqueue_chain *chain = &console->output;
    if (!virtio_runs(&console->virtio) || (!console->sending && !take_output(console))) {
        return 0;
    }
    uint64_t offset = console->done;
    uint32_t i = 0;
    while (offset >= chain->segment[i].len) { /* done < readable_bytes */
        offset -= chain->segment[i].len;
        i++;
    }
    *bytes = chain->segment[i].at + offset;
    return chain->segment[i].len - offset;
}

void virtio_console_sent(struct virtio_console *console, uint64_t count)
{
    const struct virtqueue_chain *chain = &console->output;
    console->done += count;
    console->sent += count;
    if (console->done == chain->readable_bytes) {
        console->sending = false;
        virtqueue_return(&console->virtio.queue[QUEUE_TRANSMIT], chain->head, 0);
    }
}

uint64_t virtio_console_drop(struct virtio_console *console)
{
    uint64_t rest = console->output.readable_bytes - console->done;
    virtio_console_sent(console, rest);
    console->sent -= rest;
    return rest;
}

/* ------------------------------------------------------------------ to the guest */

uint64_t virtio_console_room(struct virtio_console *console)
{
    if (!take(console, QUEUE_RECEIVE, &console->input)) {
        return 0;
    }
    if (console->input.readable != 0) {
        virtio_break(&console->virtio, "a buffer to read among those to receive into");
        return 0;
    }
    return console->input.writable_bytes;
}

void virtio_console_input(struct virtio_console *console, const uint8_t *bytes, uint64_t count)
{
    const struct virtqueue_chain *chain = &console->input;
    struct virtqueue *queue = &console->virtio.queue[QUEUE_RECEIVE];
    if (count == 0) {
        virtqueue_untake(queue);
        return;
    }
    (void)virtqueue_scatter(chain->segment, chain->writable, 0, bytes, count);
    virtqueue_return(queue, chain->head, (uint32_t)count);
    console->received += count;
}

void virtio_console_settle(struct virtio_console *console)
{
    virtio_complete(&console->virtio, QUEUE_RECEIVE);
    virtio_complete(&console->virtio, QUEUE_TRANSMIT);
}
