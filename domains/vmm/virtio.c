/* [VIRTIO-1.2] 4.1.4.3: the common configuration, and what follows from it. */
#include "virtio.h"

enum common_field {
    FIELD_DEVICE_FEATURE_SELECT = 0x00,
    FIELD_DEVICE_FEATURE = 0x04,
    FIELD_DRIVER_FEATURE_SELECT = 0x08,
    FIELD_DRIVER_FEATURE = 0x0c,
    FIELD_CONFIG_VECTOR = 0x10,
    FIELD_QUEUES = 0x12,
    FIELD_STATUS = 0x14,
    FIELD_GENERATION = 0x15,
    FIELD_QUEUE_SELECT = 0x16,
    FIELD_QUEUE_SIZE = 0x18,
    FIELD_QUEUE_VECTOR = 0x1a,
    FIELD_QUEUE_ENABLE = 0x1c,
    FIELD_QUEUE_NOTIFY_OFFSET = 0x1e,
    FIELD_QUEUE_DESCRIPTORS = 0x20,
    FIELD_QUEUE_DRIVER = 0x28,
    FIELD_QUEUE_DEVICE = 0x30,
};

#define ISR_QUEUE 1u
#define ISR_CONFIG 2u
#define NOTIFY_STRIDE 4u
#define STATUS_WRITABLE                                                           \
    (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK | \
     VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED)

static void reset(struct virtio *device)
{
    device->accepted = 0;
    device->feature_select = device->driver_feature_select = 0;
    device->queue_select = 0;
    device->config_vector = VIRTQUEUE_NO_VECTOR;
    device->status = device->isr = 0;
    for (uint32_t i = 0; i < device->queue_count; i++) {
        virtqueue_reset(&device->queue[i]);
    }
}

void virtio_init(struct virtio *device, struct pci_function *function, struct memory *memory,
                 struct lapic *lapic, uint32_t queue_count, uint16_t queue_size)
{
    device->function = function;
    device->lapic = lapic;
    device->queue_count = queue_count;
    for (uint32_t i = 0; i < queue_count; i++) {
        virtqueue_init(&device->queue[i], memory, queue_size);
    }
    reset(device);
}

void virtio_config_set(struct virtio *device, uint32_t offset, uint64_t value, unsigned size_bytes)
{
    for (unsigned i = 0; i < size_bytes; i++) {
        device->config[offset + i] = (uint8_t)(value >> (8 * i));
    }
}

/* 4.1.5.1.3: without MSI-X there would be INTx, which is not offered; the ISR says it either way. */
static void interrupt(struct virtio *device, uint16_t vector, uint8_t isr)
{
    device->isr |= isr;
    if ((device->function->command & PCI_COMMAND_MASTER) != 0 &&
        msix_raise(&device->function->msix, vector, device->lapic)) {
        device->attention = true;
    }
}

void virtio_complete(struct virtio *device, uint32_t queue)
{
    struct virtqueue *at = &device->queue[queue];
    if (at->enabled && virtqueue_wants_interrupt(at)) {
        interrupt(device, at->vector, ISR_QUEUE);
    }
}

void virtio_config_changed(struct virtio *device)
{
    device->generation++;
    if ((device->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        interrupt(device, device->config_vector, ISR_CONFIG);
    }
}

void virtio_break(struct virtio *device, const char *why)
{
    if ((device->status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        return;
    }
    device->status |= VIRTIO_STATUS_NEEDS_RESET;
    device->breaks++;
    device->broken = why;
    device->attention = true;
    if ((device->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        interrupt(device, device->config_vector, ISR_CONFIG);
    }
}

static struct virtqueue *selected(struct virtio *device)
{
    return device->queue_select < device->queue_count ? &device->queue[device->queue_select] : NULL;
}

static uint32_t half(uint64_t value, uint32_t offset)
{
    return (uint32_t)(value >> (offset % 8 * 8));
}

/* 4.1.4.3.1: a queue that is not there has size 0. */
static uint32_t read_queue(struct virtio *device, uint32_t offset)
{
    const struct virtqueue *queue = selected(device);
    if (queue == NULL) {
        return 0;
    }
    switch (offset) {
    case FIELD_QUEUE_SIZE:
        return queue->size;
    case FIELD_QUEUE_VECTOR:
        return queue->vector;
    case FIELD_QUEUE_ENABLE:
        return queue->enabled;
    case FIELD_QUEUE_NOTIFY_OFFSET:
        return device->queue_select;
    case FIELD_QUEUE_DESCRIPTORS:
    case FIELD_QUEUE_DESCRIPTORS + 4:
        return half(queue->descriptors, offset);
    case FIELD_QUEUE_DRIVER:
    case FIELD_QUEUE_DRIVER + 4:
        return half(queue->driver, offset);
    case FIELD_QUEUE_DEVICE:
    case FIELD_QUEUE_DEVICE + 4:
        return half(queue->device, offset);
    default:
        return 0;
    }
}

static uint32_t read_common(struct virtio *device, uint32_t offset)
{
    switch (offset) {
    case FIELD_DEVICE_FEATURE_SELECT:
        return device->feature_select;
    case FIELD_DEVICE_FEATURE:
        return device->feature_select < 2 ? (uint32_t)(device->offered >> (32 * device->feature_select)) : 0;
    case FIELD_DRIVER_FEATURE_SELECT:
        return device->driver_feature_select;
    case FIELD_DRIVER_FEATURE:
        return device->driver_feature_select < 2
                   ? (uint32_t)(device->accepted >> (32 * device->driver_feature_select))
                   : 0;
    case FIELD_CONFIG_VECTOR:
        return device->config_vector;
    case FIELD_QUEUES:
        return device->queue_count;
    case FIELD_STATUS:
        return device->status;
    case FIELD_GENERATION:
        return device->generation;
    case FIELD_QUEUE_SELECT:
        return device->queue_select;
    default:
        return read_queue(device, offset);
    }
}

/* Little-endian, whatever the size; what lies beyond reads zero. */
static uint32_t read_config(const struct virtio *device, uint32_t offset, unsigned size_bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size_bytes && offset + i < VIRTIO_CONFIG_BYTES; i++) {
        value |= (uint32_t)device->config[offset + i] << (8 * i);
    }
    return value;
}

uint32_t virtio_read(struct virtio *device, uint32_t offset, unsigned size_bytes)
{
    uint32_t mask = (uint32_t)mask_bytes(size_bytes);
    if (offset >= PCI_IO_CONFIG) {
        return read_config(device, offset - PCI_IO_CONFIG, size_bytes);
    }
    if (offset == PCI_IO_ISR) { /* 4.1.4.5.1: reading clears it */
        uint8_t isr = device->isr;
        device->isr = 0;
        return isr;
    }
    return offset < PCI_IO_COMMON_BYTES ? read_common(device, offset) & mask : mask;
}

/* A vector that the function lacks reads back as none: 4.1.5.1.2.1. */
static uint16_t checked_vector(const struct virtio *device, uint32_t value)
{
    return value < device->function->msix.count ? (uint16_t)value : VIRTQUEUE_NO_VECTOR;
}

static uint64_t with_half(uint64_t old, uint32_t offset, uint32_t value)
{
    unsigned shift = offset % 8 * 8;
    return (old & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift;
}

static void enable_queue(struct virtio *device, struct virtqueue *queue)
{
    queue->event_index = virtio_has(device, VIRTIO_F_EVENT_IDX);
    queue->indirect = virtio_has(device, VIRTIO_F_INDIRECT_DESC);
    if ((device->status & VIRTIO_STATUS_FEATURES_OK) == 0) {
        virtio_break(device, "a queue before the features");
    } else if (!virtqueue_enable(queue)) {
        virtio_break(device, queue->broken);
    }
}

/* 4.1.4.3.2: nothing of an enabled queue changes, except its vector. */
static void write_queue(struct virtio *device, uint32_t offset, uint32_t value)
{
    struct virtqueue *queue = selected(device);
    if (queue != NULL && offset == FIELD_QUEUE_VECTOR) {
        queue->vector = checked_vector(device, value);
    }
    if (queue == NULL || queue->enabled) {
        return;
    }
    switch (offset) {
    case FIELD_QUEUE_SIZE:
        queue->size = (uint16_t)value;
        return;
    case FIELD_QUEUE_ENABLE:
        if (value == 1) {
            enable_queue(device, queue);
        }
        return;
    case FIELD_QUEUE_DESCRIPTORS:
    case FIELD_QUEUE_DESCRIPTORS + 4:
        queue->descriptors = with_half(queue->descriptors, offset, value);
        return;
    case FIELD_QUEUE_DRIVER:
    case FIELD_QUEUE_DRIVER + 4:
        queue->driver = with_half(queue->driver, offset, value);
        return;
    case FIELD_QUEUE_DEVICE:
    case FIELD_QUEUE_DEVICE + 4:
        queue->device = with_half(queue->device, offset, value);
        return;
    default:
        return;
    }
}

/* 2.2.2: what was not offered cannot be accepted, and the old interface is not there. */
static bool features_fit(const struct virtio *device)
{
    return (device->accepted & ~device->offered) == 0 && virtio_has(device, VIRTIO_F_VERSION_1);
}

/* 2.1.1: bits are only ever added, until a zero resets everything. */
static enum virtio_effect write_status(struct virtio *device, uint8_t value)
{
    uint8_t before = device->status;
    if (value == 0) {
        reset(device);
        return VIRTIO_EFFECT_RESET;
    }
    uint8_t fresh = (uint8_t)(value & STATUS_WRITABLE & ~before);
    if ((fresh & VIRTIO_STATUS_FEATURES_OK) != 0 && !features_fit(device)) {
        fresh &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    }
    if (((before | fresh) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        fresh &= (uint8_t)~VIRTIO_STATUS_DRIVER_OK;
    }
    device->status |= fresh;
    return (fresh & VIRTIO_STATUS_DRIVER_OK) != 0 ? VIRTIO_EFFECT_START : VIRTIO_EFFECT_NONE;
}

/* 3.1.1: features are settled by FEATURES_OK. */
static void write_features(struct virtio *device, uint32_t value)
{
    if ((device->status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        return;
    }
    if (device->driver_feature_select < 2) {
        device->accepted = with_half(device->accepted, 4 * device->driver_feature_select, value);
    }
}

static enum virtio_effect write_common(struct virtio *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case FIELD_DEVICE_FEATURE_SELECT:
        device->feature_select = value;
        return VIRTIO_EFFECT_NONE;
    case FIELD_DRIVER_FEATURE_SELECT:
        device->driver_feature_select = value;
        return VIRTIO_EFFECT_NONE;
    case FIELD_DRIVER_FEATURE:
        write_features(device, value);
        return VIRTIO_EFFECT_NONE;
    case FIELD_CONFIG_VECTOR:
        device->config_vector = checked_vector(device, value);
        return VIRTIO_EFFECT_NONE;
    case FIELD_STATUS:
        return write_status(device, (uint8_t)value);
    case FIELD_QUEUE_SELECT:
        device->queue_select = (uint16_t)value;
        return VIRTIO_EFFECT_NONE;
    default:
        write_queue(device, offset, value);
        return VIRTIO_EFFECT_NONE;
    }
}

enum virtio_effect virtio_write(struct virtio *device, uint32_t offset, unsigned size_bytes, uint32_t value,
                                uint32_t *queue)
{
    if (offset >= PCI_IO_NOTIFY && offset < PCI_IO_CONFIG) {
        *queue = (offset - PCI_IO_NOTIFY) / NOTIFY_STRIDE;
        bool there = offset % NOTIFY_STRIDE == 0 && *queue < device->queue_count;
        return there ? VIRTIO_EFFECT_NOTIFY : VIRTIO_EFFECT_NONE;
    }
    value &= (uint32_t)mask_bytes(size_bytes);
    return offset < PCI_IO_COMMON_BYTES ? write_common(device, offset, value) : VIRTIO_EFFECT_NONE;
}
