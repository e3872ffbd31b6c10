#include "virtio.h"

enum {
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
    PCI_COMMAND = 4,
    PCI_BAR_0 = 0x10,
    ID_WORD = 0x10401af4,
    DISK = 2,
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
    FEATURE_INDIRECT = 1 << 28,
    FEATURE_FLUSH = 1 << 9,
    SPINS = 200000000,
};

volatile struct virtio_ring disk_ring __attribute__((aligned(4096)));
static struct disk_header headers[VIRTIO_RING];
static volatile uint8_t answers[VIRTIO_RING];
static uint16_t io;

static uint32_t config_read(uint32_t device, uint32_t reg)
{
    out32(PCI_ADDRESS, 0x80000000 | device << 11 | reg);
    return in32(PCI_DATA);
}

bool virtio_find(uint32_t kind)
{
    for (uint32_t device = 0; device < 32; device++) {
        if (config_read(device, 0) != ID_WORD + (kind << 16))
            continue;
        io = (uint16_t)(config_read(device, PCI_BAR_0) & 0xfffc);
        out32(PCI_ADDRESS, 0x80000000 | device << 11 | PCI_COMMAND);
        out32(PCI_DATA, 7);
        virtio_reset();
        return true;
    }
    return false;
}

bool disk_find(void)
{
    return virtio_find(DISK);
}

void virtio_reset(void)
{
    out8((uint16_t)(io + STATUS), 0);
}

void disk_reset(void)
{
    virtio_reset();
}

uint8_t virtio_status(void)
{
    return in8((uint16_t)(io + STATUS));
}

uint8_t disk_status(void)
{
    return virtio_status();
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

void virtio_begin(uint32_t features)
{
    virtio_reset();
    out8((uint16_t)(io + STATUS), 3);
    out32((uint16_t)(io + DRIVER_SELECT), 0);
    out32((uint16_t)(io + DRIVER_FEATURE), FEATURE_INDIRECT | features);
    out32((uint16_t)(io + DRIVER_SELECT), 1);
    out32((uint16_t)(io + DRIVER_FEATURE), 1);
    out8((uint16_t)(io + STATUS), 11);
}

void virtio_queue(uint16_t queue, uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size)
{
    out16((uint16_t)(io + QUEUE_SELECT), queue);
    out16((uint16_t)(io + QUEUE_SIZE), size);
    out64(QUEUE_DESCRIPTORS, descriptors);
    out64(QUEUE_DRIVER, available);
    out64(QUEUE_DEVICE, used);
    out16((uint16_t)(io + QUEUE_ENABLE), 1);
}

uint8_t virtio_run(void)
{
    out8((uint16_t)(io + STATUS), 15);
    return virtio_status();
}

uint8_t disk_start_at(uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size)
{
    virtio_clear(&disk_ring);
    virtio_begin(FEATURE_FLUSH);
    virtio_queue(0, descriptors, available, used, size);
    return virtio_run();
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

void virtio_notify(uint16_t queue)
{
    out16((uint16_t)(io + NOTIFY + 4 * queue), queue);
}

void disk_notify(void)
{
    virtio_notify(0);
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
