/* What all virtio devices share: negotiation, status, queues, interrupts ([VIRTIO-1.2] 2, 3, 4.1.4). */
#ifndef VMM_VIRTIO_H
#define VMM_VIRTIO_H

#include "pci.h"
#include "virtqueue.h"

#define VIRTIO_QUEUES_MAX 3u
#define VIRTIO_CONFIG_BYTES 64u

/* [VIRTIO-1.2] 5: the kinds, and their place on bus 0. */
enum virtio_id { VIRTIO_ID_NETWORK = 1, VIRTIO_ID_BLOCK = 2, VIRTIO_ID_CONSOLE = 3, VIRTIO_ID_ENTROPY = 4 };
enum virtio_index { VIRTIO_BLOCK, VIRTIO_NETWORK, VIRTIO_CONSOLE, VIRTIO_ENTROPY };

/* [VIRTIO-1.2] 6 */
#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)
#define VIRTIO_F_COMMON (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1)

/* [VIRTIO-1.2] 2.1 */
enum virtio_status {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_NEEDS_RESET = 64,
    VIRTIO_STATUS_FAILED = 128,
};

struct virtio {
    struct pci_function *function; /* NULL: the device is absent */
    struct lapic *lapic;
    uint64_t offered, accepted; /* features */
    uint32_t feature_select, driver_feature_select;
    uint16_t queue_select, config_vector;
    uint8_t status, isr, generation;
    bool attention;     /* a message went out, or it broke: to be looked at before the guest goes on */
    const char *broken; /* why it needs a reset, for the log: written once, cleared by the log */
    uint32_t breaks;    /* how often that was */
    uint32_t queue_count;
    struct virtqueue queue[VIRTIO_QUEUES_MAX];
    uint8_t config[VIRTIO_CONFIG_BYTES];
};

/* @device is zeroed; its queues have @queue_size entries. */
void virtio_init(struct virtio *device, struct pci_function *function, struct memory *memory,
                 struct lapic *lapic, uint32_t queue_count, uint16_t queue_size);

/* What an access means for the device behind it. */
enum virtio_effect {
    VIRTIO_EFFECT_NONE,
    VIRTIO_EFFECT_RESET,  /* by the driver: nothing of before may still reach its memory */
    VIRTIO_EFFECT_START,  /* DRIVER_OK */
    VIRTIO_EFFECT_NOTIFY, /* *queue has something */
};

/* BAR 0; @offset below PCI_IO_BYTES. */
uint32_t virtio_read(struct virtio *device, uint32_t offset, unsigned size_bytes);
enum virtio_effect virtio_write(struct virtio *device, uint32_t offset, unsigned size_bytes, uint32_t value,
                                uint32_t *queue);

/* May the device read and write the driver's memory? */
static inline bool virtio_runs(const struct virtio *device)
{
    return (device->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
               VIRTIO_STATUS_DRIVER_OK &&
           (device->function->command & PCI_COMMAND_MASTER) != 0;
}

static inline bool virtio_has(const struct virtio *device, uint64_t feature)
{
    return (device->accepted & feature) != 0;
}

/* Interrupts the driver if it wants to hear of what was returned to @queue. */
void virtio_complete(struct virtio *device, uint32_t queue);
/* The configuration has changed. */
void virtio_config_changed(struct virtio *device);
/* 2.1.2: the driver broke a rule: the device stops until it is reset. */
void virtio_break(struct virtio *device, const char *why);

/* Little-endian fields of the device's configuration. */
void virtio_config_set(struct virtio *device, uint32_t offset, uint64_t value, unsigned size_bytes);

#endif
