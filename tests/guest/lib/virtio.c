#include "virtio.h"

enum {
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    PCI_COMMAND = 4,
    PCI_BAR_0 = 0x10,
    ID_WORD = 0x10401af4,
    DISK_ID_WORD = 0x10421af4,
    NETWORK_ID_WORD = 0x10411af4,
    DRIVER_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    STATUS = 0x14,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_ENABLE = 0x1c,
    QUEUE_DESCRIPTORS = 0x20,
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30,
    NOTIFY = 0x40,
    CONFIG = 0x80,
    CONFIG_LINK = 0x86,
    FEATURE_INDIRECT = 1 << 28,
    FEATURE_FLUSH = 1 << 9,
    SPINS = 200000000,
};

volatile struct virtio_ring disk_ring __attribute__((aligned(4096)));
static volatile struct virtio_ring sending_ring __attribute__((aligned(4096)));
static struct disk_header headers[VIRTIO_RING];
static volatile uint8_t answers[VIRTIO_RING];
/* The device that is driven, and which of its queues is at disk_ring. */
static uint16_t io, queue;
static uint32_t features;

static uint32_t config_read(uint32_t device, uint32_t reg)
{
    out32(PCI_ADDRESS, 0x80000000 | device << 11 | reg);
    return in32(PCI_DATA);
}

static bool find(uint32_t id_word)
{
    for (uint32_t device = 0; device < 32; device++) {
        if (config_read(device, 0) != id_word)
            continue;
        io = (uint16_t)(config_read(device, PCI_BAR_0) & 0xfffc);
        out32(PCI_ADDRESS, 0x80000000 | device << 11 | PCI_COMMAND);
        out32(PCI_DATA, 7);
        disk_reset();
        return true;
    }
    return false;
}

bool virtio_find(uint32_t kind)
{
    return find(ID_WORD + (kind << 16));
}

bool disk_find(void)
{
    queue = 0;
    features = FEATURE_INDIRECT | FEATURE_FLUSH;
    return find(DISK_ID_WORD);
}

bool network_find(void)
{
    queue = 1;
    features = FEATURE_INDIRECT;
    return find(NETWORK_ID_WORD);
}

bool network_link(void)
{
    return (in8((uint16_t)(io + CONFIG_LINK)) & 1) != 0;
}

void disk_reset(void)
{
    out8((uint16_t)(io + STATUS), 0);
}

uint8_t disk_status(void)
{
    return in8((uint16_t)(io + STATUS));
}

uint64_t disk_sectors(void)
{
    return in32((uint16_t)(io + CONFIG)) | (uint64_t)in32((uint16_t)(io + CONFIG + 4)) << 32;
}

static void out64(uint16_t offset, uint64_t value)
{
    out32((uint16_t)(io + offset), (uint32_t)value);
    out32((uint16_t)(io + offset + 4), (uint32_t)(value >> 32));
}

void virtio_clear(volatile struct virtio_ring *ring)
{
    volatile uint8_t *const bytes = (volatile uint8_t *)ring;
    for (size_t i = 0; i < sizeof *ring; i++)
        bytes[i] = 0;
}

void virtio_queue(uint16_t number, uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size)
{
    out16((uint16_t)(io + QUEUE_SELECT), number);
    out16((uint16_t)(io + QUEUE_SIZE), size);
    out64(QUEUE_DESCRIPTORS, descriptors);
    out64(QUEUE_DRIVER, available);
    out64(QUEUE_DEVICE, used);
    out16((uint16_t)(io + QUEUE_ENABLE), 1);
}

static void set_features(void)
{
    disk_reset();
    out8((uint16_t)(io + STATUS), 3);
    out32((uint16_t)(io + DRIVER_SELECT), 0);
    out32((uint16_t)(io + DRIVER_FEATURE), features);
    out32((uint16_t)(io + DRIVER_SELECT), 1);
    out32((uint16_t)(io + DRIVER_FEATURE), 1);
    out8((uint16_t)(io + STATUS), 11);
}

void virtio_begin(void)
{
    features = FEATURE_INDIRECT;
    set_features();
}

uint8_t virtio_run(void)
{
    out8((uint16_t)(io + STATUS), 15);
    return disk_status();
}

uint8_t disk_start_at(uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size)
{
    virtio_clear(&disk_ring);
    set_features();
    virtio_queue(queue, descriptors, available, used, size);
    return virtio_run();
}

uint8_t network_start_receiving(void)
{
    virtio_clear(&disk_ring);
    virtio_clear(&sending_ring);
    set_features();
    virtio_queue(0, (uint64_t)&disk_ring.descriptor, (uint64_t)&disk_ring.available,
                 (uint64_t)&disk_ring.used, VIRTIO_RING);
    virtio_queue(1, (uint64_t)&sending_ring.descriptor, (uint64_t)&sending_ring.available,
                 (uint64_t)&sending_ring.used, VIRTIO_RING);
    return virtio_run();
}

void network_send(const void *frame, uint32_t bytes)
{
    const uint16_t index = sending_ring.available.index;
    sending_ring.descriptor[0].address = (uint64_t)frame;
    sending_ring.descriptor[0].len = bytes;
    sending_ring.available.ring[index % VIRTIO_RING] = 0;
    sending_ring.available.index = (uint16_t)(index + 1);
    virtio_notify(1);
}

uint8_t disk_start(void)
{
    return disk_start_at((uint64_t)&disk_ring.descriptor, (uint64_t)&disk_ring.available,
                         (uint64_t)&disk_ring.used, VIRTIO_RING);
}

void virtio_offer(volatile struct virtio_ring *ring, uint16_t head)
{
    const uint16_t index = ring->available.index;
    ring->available.ring[index % VIRTIO_RING] = head;
    ring->available.index = (uint16_t)(index + 1);
}

void disk_offer(uint16_t head)
{
    virtio_offer(&disk_ring, head);
}

void virtio_notify(uint16_t number)
{
    out16((uint16_t)(io + NOTIFY + 4 * number), number);
}

void disk_notify(void)
{
    virtio_notify(queue);
}

void virtio_put(volatile struct virtio_ring *ring, uint32_t index, uint64_t address, uint32_t len,
                uint16_t flags, uint16_t next)
{
    volatile struct virtio_descriptor *const d = &ring->descriptor[index];
    d->address = address;
    d->len = len;
    d->flags = flags;
    d->next = next;
}

static void describe(uint32_t index, const volatile void *at, uint32_t len, uint16_t flags, uint16_t next)
{
    virtio_put(&disk_ring, index, (uint64_t)at, len, flags, next);
}

void disk_ask(uint16_t n, enum virtio_disk_type type, uint64_t sector, void *data, uint32_t bytes)
{
    const uint16_t first = (uint16_t)(3 * n);
    headers[n].type = type;
    headers[n].sector = sector;
    answers[n] = 0xee;
    describe(first, &headers[n], sizeof headers[n], VIRTIO_NEXT,
             (uint16_t)(bytes != 0 ? first + 1 : first + 2));
    describe(first + 1u, data, bytes, (uint16_t)(VIRTIO_NEXT | (type == DISK_WRITE ? 0 : VIRTIO_WRITE)),
             (uint16_t)(first + 2));
    describe(first + 2u, &answers[n], 1, VIRTIO_WRITE, 0);
    disk_offer(first);
}

bool disk_wait(uint16_t count)
{
    for (uint32_t spin = 0; spin < SPINS; spin++) {
        if (disk_ring.used.index == count)
            return true;
    }
    return false;
}

uint8_t disk_answer(uint16_t n)
{
    return answers[n];
}

uint8_t disk_do(enum virtio_disk_type type, uint64_t sector, void *data, uint32_t bytes)
{
    const uint16_t before = disk_ring.used.index;
    disk_ask(0, type, sector, data, bytes);
    disk_notify();
    expect(disk_wait((uint16_t)(before + 1)), "a request is answered");
    return answers[0];
}
