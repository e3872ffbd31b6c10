#include "driver.h"

#include <string.h>

enum { COMMON_SELECT = 0, COMMON_FEATURE = 4, COMMON_DRIVER_SELECT = 8, COMMON_DRIVER_FEATURE = 12 };

static void select_register(struct driver *driver, uint32_t reg)
{
    platform_out(driver->platform, 0xcf8, 4, 0x80000000u | driver->device << 11 | (reg & 0xfcu), 0);
}

uint32_t driver_config(struct driver *driver, uint32_t reg, unsigned size)
{
    select_register(driver, reg);
    return platform_in(driver->platform, (uint16_t)(0xcfc + reg % 4), size, 0);
}

void driver_config_write(struct driver *driver, uint32_t reg, unsigned size, uint32_t value)
{
    select_register(driver, reg);
    platform_out(driver->platform, (uint16_t)(0xcfc + reg % 4), size, value, 0);
}

uint32_t driver_in(struct driver *driver, uint32_t offset, unsigned size)
{
    return platform_in(driver->platform, (uint16_t)(driver->io + offset), size, 0);
}

void driver_out(struct driver *driver, uint32_t offset, unsigned size, uint32_t value)
{
    platform_out(driver->platform, (uint16_t)(driver->io + offset), size, value, 0);
}

uint8_t *driver_at(struct driver *driver, uint64_t address)
{
    return memory_at(driver->memory, gpa(address), 1);
}

static void write_u64(struct driver *driver, uint32_t offset, uint64_t value)
{
    driver_out(driver, offset, 4, (uint32_t)value);
    driver_out(driver, offset + 4, 4, (uint32_t)(value >> 32));
}

static void setup_queue(struct driver *driver, uint32_t number, uint64_t at)
{
    struct driver_queue *queue = &driver->queue[number];
    uint64_t vector = driver_config(driver, 0x14, 4) + 16 * (number + 1);
    *queue = (struct driver_queue){DRIVER_QUEUE_SIZE, 0, 0, at, at + 0x400, at + 0x800};
    memset(driver_at(driver, at), 0, 0x1000);
    driver_out(driver, 0x16, 2, number);
    driver_out(driver, 0x18, 2, queue->size);
    write_u64(driver, 0x20, queue->descriptors);
    write_u64(driver, 0x28, queue->available);
    write_u64(driver, 0x30, queue->device);
    driver_out(driver, 0x1a, 2, number + 1);
    driver_out(driver, 0x1c, 2, 1);
    platform_store(driver->platform, gpa(vector), 4, 0xfee00000, 0);
    platform_store(driver->platform, gpa(vector + 8), 4, 0x50 + number, 0);
    platform_store(driver->platform, gpa(vector + 12), 4, 0, 0);
}

static uint64_t read_features(struct driver *driver)
{
    driver_out(driver, COMMON_SELECT, 4, 0);
    uint64_t low = driver_in(driver, COMMON_FEATURE, 4);
    driver_out(driver, COMMON_SELECT, 4, 1);
    return low | (uint64_t)driver_in(driver, COMMON_FEATURE, 4) << 32;
}

bool driver_start(struct driver *driver, struct platform *platform, struct memory *memory, uint32_t device,
                  uint64_t features, uint32_t queues, uint64_t at)
{
    *driver = (struct driver){.platform = platform, .memory = memory, .device = device};
    driver_config_write(driver, 0x04, 2, 7);
    driver->io = (uint16_t)(driver_config(driver, 0x10, 4) & 0xff00);
    driver_config_write(driver, 0x42, 2, 0x8000);
    lapic_write(&platform->lapic, LAPIC_SVR, 0x1ff, 0, &(uint8_t){0});
    driver_out(driver, 0x14, 1, 0);
    driver_out(driver, 0x14, 1, 3);
    driver->features = read_features(driver) & features;
    driver_out(driver, COMMON_DRIVER_SELECT, 4, 0);
    driver_out(driver, COMMON_DRIVER_FEATURE, 4, (uint32_t)driver->features);
    driver_out(driver, COMMON_DRIVER_SELECT, 4, 1);
    driver_out(driver, COMMON_DRIVER_FEATURE, 4, (uint32_t)(driver->features >> 32));
    driver_out(driver, 0x14, 1, 11);
    uint64_t table = driver_config(driver, 0x14, 4);
    platform_store(platform, gpa(table), 4, 0xfee00000, 0);
    platform_store(platform, gpa(table + 8), 4, 0x4f, 0);
    platform_store(platform, gpa(table + 12), 4, 0, 0);
    driver_out(driver, 0x10, 2, 0);
    for (uint32_t i = 0; i < queues; i++) {
        setup_queue(driver, i, at + 0x1000 * i);
    }
    driver_out(driver, 0x14, 1, 15);
    return driver_in(driver, 0x14, 1) == 15;
}

void driver_descriptor(struct driver *driver, uint32_t queue, uint32_t index, uint64_t address, uint32_t len,
                       uint16_t flags, uint16_t next)
{
    struct virtqueue_descriptor descriptor = {address, len, flags, next};
    memcpy(driver_at(driver, driver->queue[queue].descriptors + 16 * index), &descriptor, sizeof descriptor);
}

void driver_offer(struct driver *driver, uint32_t queue, uint16_t head)
{
    struct driver_queue *q = &driver->queue[queue];
    memcpy(driver_at(driver, q->available + 4 + 2u * (q->index % q->size)), &head, 2);
    q->index++;
    memcpy(driver_at(driver, q->available + 2), &q->index, 2);
}

void driver_notify(struct driver *driver, uint32_t queue)
{
    driver_out(driver, 0x40 + 4 * queue, 2, queue);
}

uint16_t driver_used(struct driver *driver, uint32_t queue)
{
    uint16_t index;
    memcpy(&index, driver_at(driver, driver->queue[queue].device + 2), 2);
    return index;
}

void driver_used_entry(struct driver *driver, uint32_t queue, uint16_t index, uint32_t *id, uint32_t *len)
{
    struct driver_queue *q = &driver->queue[queue];
    memcpy(id, driver_at(driver, q->device + 4 + 8u * (index % q->size)), 4);
    memcpy(len, driver_at(driver, q->device + 8 + 8u * (index % q->size)), 4);
}

void driver_set_used_event(struct driver *driver, uint32_t queue, uint16_t index)
{
    struct driver_queue *q = &driver->queue[queue];
    memcpy(driver_at(driver, q->available + 4 + 2u * q->size), &index, 2);
}

uint16_t driver_available_event(struct driver *driver, uint32_t queue)
{
    uint16_t event;
    memcpy(&event, driver_at(driver, driver->queue[queue].device + 4 + 8u * driver->queue[queue].size), 2);
    return event;
}

bool driver_interrupted(struct driver *driver, uint8_t vector)
{
    uint32_t *word = &driver->platform->lapic.irr[vector / 32], bit = 1u << vector % 32;
    bool pending = (*word & bit) != 0;
    *word &= ~bit;
    return pending;
}
