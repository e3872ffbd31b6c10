/* The driver's channel: hostile input on one side, the table on the other. */
#ifndef BLKVIRT_DEVICE_H
#define BLKVIRT_DEVICE_H

#include "blkvirt.h"

/* A new epoch, a device that became ready or said that it failed. */
void device_settle(struct blkvirt *blkvirt);

/* The same; costs little where a device is ready and stays so. */
static inline void device_follow(struct blkvirt *blkvirt)
{
    struct device *device = &blkvirt->device;
    if (!device->ready || device->client.broken || !block_client_current(&device->client) ||
        block_load(&device->client.channel->state) != CHANNEL_STATE_READY) {
        device_settle(blkvirt);
    }
}

/* Takes what is complete. */
void device_collect(struct blkvirt *blkvirt);

/* Sends a new entry, or keeps it queued or waiting. */
void device_submit(struct blkvirt *blkvirt, struct entry *entry);

/* Shows the driver what was sent, with a signal if it wants one. */
void device_publish(struct blkvirt *blkvirt);

/* Every request of @tenant loses whom it would be answered to; those not sent yet are forgotten. */
void device_orphan(struct blkvirt *blkvirt, uint8_t tenant);

/* What management should hear: of which driver, and how it does. */
uint32_t device_epoch(const struct device *device);
enum service_verdict device_verdict(const struct blkvirt *blkvirt);

/* What the driver says of its device's health, cut to what can be told. */
void device_health(const struct blkvirt *blkvirt, struct block_health *health);

#endif
