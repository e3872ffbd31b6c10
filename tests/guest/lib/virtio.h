/* A virtio driver, as small as can be: one device, polled, all in I/O space; and what a disk needs. [VIRTIO-1.2] 2.7, 4.1, 5.2 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include "guest.h"

enum { VIRTIO_RING = 16, VIRTIO_SECTOR = 512 };
enum virtio_flag { VIRTIO_NEXT = 1, VIRTIO_WRITE = 2, VIRTIO_INDIRECT = 4 };
enum virtio_disk_type { DISK_READ = 0, DISK_WRITE = 1, DISK_FLUSH = 4, DISK_ID = 8 };
enum virtio_status { VIRTIO_RUNS = 15, VIRTIO_NEEDS_RESET = 64 };

struct virtio_descriptor {
    uint64_t address;
    uint32_t len;
    uint16_t flags, next;
};

struct virtio_ring {
    struct virtio_descriptor descriptor[VIRTIO_RING];
    struct {
        uint16_t flags, index, ring[VIRTIO_RING], event;
    } available;
    struct {
        uint16_t flags, index;
        struct {
            uint32_t id, len;
        } ring[VIRTIO_RING];
        uint16_t event;
    } used __attribute__((aligned(4)));
};

struct disk_header {
    uint32_t type, reserved;
    uint64_t sector;
};

/* Finds the device of this kind ([VIRTIO-1.2] 5) and resets it; false: there is none. */
bool virtio_find(uint32_t kind);
void virtio_reset(void);
uint8_t virtio_status(void);
/* Resets it and accepts tables and @features. */
void virtio_begin(uint32_t features);
/* Sets up a ring where its parts are said to be, which may be nonsense. */
void virtio_queue(uint16_t queue, uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size);
/* The driver is ready; answers the status. */
uint8_t virtio_run(void);
void virtio_clear(volatile struct virtio_ring *ring);
void virtio_put(volatile struct virtio_ring *ring, uint32_t index, uint64_t address, uint32_t len,
                uint16_t flags, uint16_t next);
/* Makes the chain at @head available; then notifies. */
void virtio_offer(volatile struct virtio_ring *ring, uint16_t head);
void virtio_notify(uint16_t queue);

extern volatile struct virtio_ring disk_ring;

/* Finds the disk and resets it; false: there is none. */
bool disk_find(void);
/* Resets it and sets up the ring where @ring says, which may be nonsense; answers the status. */
uint8_t disk_start_at(uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size);
uint8_t disk_start(void);
uint8_t disk_status(void);
void disk_reset(void);
uint64_t disk_sectors(void);
/* Makes the chain at @head available; then notifies. */
void disk_offer(uint16_t head);
void disk_notify(void);
/* Descriptors 3n, 3n+1, 3n+2: a request that is right. Offered, not notified. */
void disk_ask(uint16_t n, enum virtio_disk_type type, uint64_t sector, void *data, uint32_t bytes);
/* Waits until @count requests are done since the ring was set up; false: it takes too long. */
bool disk_wait(uint16_t count);
/* The status byte of request @n. */
uint8_t disk_answer(uint16_t n);
/* One request, waited for; answers its status byte. */
uint8_t disk_do(enum virtio_disk_type type, uint64_t sector, void *data, uint32_t bytes);

#endif
