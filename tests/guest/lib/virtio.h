/* A virtio disk's driver, as small as can be: one queue, polled, all in I/O space; and as much of a network card's as it takes to
 * be a bad one. [VIRTIO-1.2] 2.7, 4.1, 5.1, 5.2 */
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

/* Any device: finds the one of this kind ([VIRTIO-1.2] 5) and resets it; false: there is none. */
bool virtio_find(uint32_t kind);
/* Resets it and accepts no more than tables; then its rings, where they are said to be, which may be nonsense; then it runs, and
 * the status is answered. */
void virtio_begin(void);
void virtio_queue(uint16_t number, uint64_t descriptors, uint64_t available, uint64_t used, uint16_t size);
uint8_t virtio_run(void);
void virtio_clear(volatile struct virtio_ring *ring);
void virtio_put(volatile struct virtio_ring *ring, uint32_t index, uint64_t address, uint32_t len,
                uint16_t flags, uint16_t next);
/* Makes the chain at @head available; then notifies. */
void virtio_offer(volatile struct virtio_ring *ring, uint16_t head);
void virtio_notify(uint16_t number);

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

/* ------------------------------------------------------------------ a network card */

/* From here on what is above acts on the card, with its sending queue at disk_ring; false: there is none. */
bool network_find(void);
/* Does it say that there is a link? */
bool network_link(void);
/* Resets it and sets up both queues, the receiving one at disk_ring; answers the status. */
uint8_t network_start_receiving(void);
/* Sends @frame, a header of 12 zero bytes in front, once network_start_receiving has run. */
void network_send(const void *frame, uint32_t bytes);

#endif
