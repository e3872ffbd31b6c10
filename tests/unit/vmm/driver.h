/* A guest's virtio driver, as small as can be: finds its function through the ports, sets up queues in guest memory,
 * and puts chains into them, right or wrong. */
#ifndef VMM_DRIVER_H
#define VMM_DRIVER_H

#include "platform.h"

#define DRIVER_QUEUE_SIZE 16u

struct driver_queue {
    uint16_t size, index, used;
    uint64_t descriptors, available, device; /* guest-physical */
};

struct driver {
    struct platform *platform;
    struct memory *memory;
    uint32_t device; /* on bus 0 */
    uint16_t io;
    uint64_t features; /* accepted */
    struct driver_queue queue[3];
};

uint32_t driver_config(struct driver *driver, uint32_t reg, unsigned size);
void driver_config_write(struct driver *driver, uint32_t reg, unsigned size, uint32_t value);
uint32_t driver_in(struct driver *driver, uint32_t offset, unsigned size);
void driver_out(struct driver *driver, uint32_t offset, unsigned size, uint32_t value);

/* Everything up to DRIVER_OK, with @features of what is offered; queues lie from guest address @at on, MSI-X vector n + 1
 * of queue n is interrupt 0x50 + n, vector 0 is 0x4f. False: the device did not accept. */
bool driver_start(struct driver *driver, struct platform *platform, struct memory *memory, uint32_t device,
                  uint64_t features, uint32_t queues, uint64_t at);

/* Any of them may be wrong. */
void driver_descriptor(struct driver *driver, uint32_t queue, uint32_t index, uint64_t address, uint32_t len,
                       uint16_t flags, uint16_t next);
/* Makes @head available, without a notification. */
void driver_offer(struct driver *driver, uint32_t queue, uint16_t head);
void driver_notify(struct driver *driver, uint32_t queue);
/* The device's index, and one entry. */
uint16_t driver_used(struct driver *driver, uint32_t queue);
void driver_used_entry(struct driver *driver, uint32_t queue, uint16_t index, uint32_t *id, uint32_t *len);
/* With event indices: interrupt when the used index passes @index; and the notification the device asks for. */
void driver_set_used_event(struct driver *driver, uint32_t queue, uint16_t index);
uint16_t driver_available_event(struct driver *driver, uint32_t queue);
/* Is @vector pending at the local APIC? It is taken away. */
bool driver_interrupted(struct driver *driver, uint8_t vector);

uint8_t *driver_at(struct driver *driver, uint64_t address);

#endif
