/* A console: [VIRTIO-1.2] 5.3, one port, two queues. It moves bytes between the guest's buffers and whoever asks
 * (console.c); what they mean is the guest's and the operator's business. No size is offered, for nobody here knows that
 * of the operator's terminal. */
#ifndef VMM_VIRTIO_CONSOLE_H
#define VMM_VIRTIO_CONSOLE_H

#include "virtio.h"

struct virtio_console {
    struct virtio virtio;
    bool sending; /* `output` is on its way: its first `done` bytes are out */
    uint64_t done;
    uint64_t sent, received; /* bytes */
    struct virtqueue_chain output, input;
};

void virtio_console_attach(struct virtio_console *console, struct pci_function *function,
                           struct memory *memory, struct lapic *lapic);
void virtio_console_reset(struct virtio_console *console);

/* What the guest has to say, as far as it lies in one piece of its memory; 0 bytes: nothing now. */
uint64_t virtio_console_output(struct virtio_console *console, const uint8_t **bytes);
/* The first @count of these bytes are out. */
void virtio_console_sent(struct virtio_console *console, uint64_t count);
/* Nobody takes them: the rest of the guest's buffer is done with. Answers how many bytes that were. */
uint64_t virtio_console_drop(struct virtio_console *console);

/* Bytes that the guest's next buffer takes; 0: there is none. Then, before anything else: */
uint64_t virtio_console_room(struct virtio_console *console);
/* Those bytes; with @count 0 the buffer stays where it was. */
void virtio_console_input(struct virtio_console *console, const uint8_t *bytes, uint64_t count);

/* Interrupts the guest if it wants to hear of what was done since. */
void virtio_console_settle(struct virtio_console *console);

#endif
