/* blkdrv: drives one disk. One thread that waits on its bell, for requests and for the device's interrupt. */
#include <clock.h>
#include <log.h>
#include <panic.h>
#include <resource.h>
#include <start.h>
#include <stubs.h>

#include "ata.h"
#include "channel.h"
#include "nvme.h"

enum { ERRORS_IN_A_ROW = 1000, DEVICE_NVME = 1, DEVICE_ATA = 3 };

/* The only instance. */
static struct {
    struct channel channel;
    struct nvme nvme;
    struct ata ata; /* of the two drives one is used */
    uint32_t bell_slot;
    uint32_t irq_slot; /* 0: none */
    uint32_t irq_bits;
    uint32_t peer_slot;
    uint32_t peer_bits;
    uint64_t tsc_khz;
} blkdrv;

void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    (void)drive;
    block_server_complete(&blkdrv.channel.server, id, status);
}

void drive_health_changed(struct drive *drive)
{
    block_server_health(&blkdrv.channel.server, &drive->health);
}

/* Acknowledged before the device is looked at: what it finishes from here on signals again. */
static void acknowledge(uint32_t bits)
{
    if (blkdrv.irq_slot != 0 && (bits & blkdrv.irq_bits) != 0 && irq_ack(blkdrv.irq_slot) != OK) {
        panic("the interrupt cannot be acknowledged");
    }
}

static uint32_t wait(uint64_t deadline)
{
    static unsigned errors;
    uint32_t bits = 0;
    const enum error error = notif_wait(blkdrv.bell_slot, deadline, &bits);
    errors = error == OK || error == ERR_TIMEOUT ? 0 : errors + 1;
    if (errors == ERRORS_IN_A_ROW) {
        panic("waiting on the bell failed: error %u", (unsigned)error);
    }
    acknowledge(error == OK ? bits : 0);
    return error == OK ? bits : 0;
}

void drive_pause(struct drive *drive, uint32_t us)
{
    (void)drive;
    (void)wait(clock_deadline_after(us * UINT64_C(1000), blkdrv.tsc_khz));
    block_server_pong(&blkdrv.channel.server);
}

static void ring_peer(void)
{
    if (notif_signal(blkdrv.peer_slot, blkdrv.peer_bits) != OK) {
        return; /* it is gone, and looks at the channel when it is back */
    }
}

/* The pools are called pool-0, pool-1, …: as many as there are tenants. */
static struct drive *open_ata(const struct domain_info *info)
{
    const uint32_t ports = resource_slot(info, "ata", RESOURCE_KIND_IOPORT);
    const uint32_t control = resource_slot(info, "ata-control", RESOURCE_KIND_IOPORT);
    char name[] = "pool-0";
    ata_init(&blkdrv.ata, ports, control, info->tsc_khz);
    for (const struct resource *pool; (pool = resource_find(info, name)) != NULL; name[sizeof name - 2]++) {
        if (pool->kind != RESOURCE_KIND_REGION || !ata_add_pool(&blkdrv.ata, pool->address, pool->bytes)) {
            panic("'%s' cannot be used", name);
        }
    }
    return &blkdrv.ata.drive;
}

static struct drive *open_nvme(const struct domain_info *info)
{
    const struct resource *memory = resource_required(info, "dma", RESOURCE_KIND_REGION);
    nvme_init(&blkdrv.nvme, resource_region(info, "bar", NVME_BAR_BYTES),
              resource_region(info, "dma", NVME_DMA_BYTES), memory->extra, info->tsc_khz);
    return &blkdrv.nvme.drive;
}

static struct drive *open_drive(const struct domain_info *info)
{
    const uint64_t kind = resource_number(info, "device", 0);
    if (kind != DEVICE_NVME && kind != DEVICE_ATA) {
        panic("no driver for a device of kind %llu", (unsigned long long)kind);
    }
    return kind == DEVICE_NVME ? open_nvme(info) : open_ata(info);
}

static void setup(const struct domain_info *info)
{
    const struct resource *irq = resource_find(info, "irq");
    const struct resource *peer = resource_required(info, "blockdev-bell", RESOURCE_KIND_NOTIF);
    blkdrv.tsc_khz = info->tsc_khz;
    blkdrv.bell_slot = resource_slot(info, "bell", RESOURCE_KIND_NOTIF);
    if (irq != NULL && irq->kind == RESOURCE_KIND_IRQ) {
        blkdrv.irq_slot = irq->slot;
        blkdrv.irq_bits = (uint32_t)irq->extra;
    }
    blkdrv.peer_slot = peer->slot;
    blkdrv.peer_bits = (uint32_t)peer->extra;
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    require(thread == 0);
    setup(info);
    struct block_channel *page = resource_region(info, "blockdev", sizeof(struct block_channel));
    channel_open(&blkdrv.channel, page, open_drive(info));
    for (;;) {
        bool asleep;
        if (channel_work(&blkdrv.channel, clock_ticks(), &asleep)) {
            ring_peer();
        }
        const struct drive *drive = blkdrv.channel.drive;
        (void)wait(asleep ? drive->ops->deadline(drive) : DEADLINE_NOW);
    }
}
