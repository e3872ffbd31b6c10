/* netdrv: one thread that waits on its bell for netvirt and for the device's interrupt. */
#include <clock.h>
#include <log.h>
#include <panic.h>
#include <resource.h>
#include <start.h>
#include <stubs.h>

#include "netdrv.h"

/* What the resource `device` says. */
#define DEVICE_E1000E 2

/* Outside of struct netdrv, so that the driver can be tested without a kernel. */
static uint32_t netvirt_bell_slot, netvirt_bell_bits;

void netdrv_signal(struct netdrv *driver)
{
    (void)driver;
    /* A netvirt that is gone or being rebuilt looks when it starts. */
    (void)!notif_signal(netvirt_bell_slot, netvirt_bell_bits);
}

static void setup(struct netdrv *driver, const struct domain_info *info)
{
    const struct resource *bell = resource_required(info, "netdev-bell", RESOURCE_KIND_NOTIF);
    const struct resource *pool = resource_required(info, "netdev-pool", RESOURCE_KIND_NUMBER);
    const struct resource *dma = resource_required(info, "dma", RESOURCE_KIND_REGION);
    if (resource_number(info, "device", 0) != DEVICE_E1000E || dma->bytes < sizeof(struct e1000e_rings) ||
        pool->bytes < NET_LIMITS_POOL_BYTES) {
        panic("the description gives no 82574, or too little memory");
    }
    netvirt_bell_slot = bell->slot;
    netvirt_bell_bits = (uint32_t)bell->extra;
    driver->channel = resource_region(info, "netdev", sizeof(struct netdev_channel));
    driver->device = (struct e1000e){
        .bar = resource_region(info, "bar", E1000E_BAR_BYTES),
        .rings = (struct e1000e_rings *)(uintptr_t)dma->address,
        .rings_iova = dma->extra,
        .receive_iova = pool->extra + NET_LIMITS_RECEIVE_OFFSET,
        .tsc_khz = info->tsc_khz,
        .bell_slot = resource_slot(info, "bell", RESOURCE_KIND_NOTIF),
    };
}

static _Noreturn void loop(struct netdrv *driver, uint32_t irq_slot, uint32_t irq_bits)
{
    uint32_t bits = irq_bits;
    for (;;) {
        /* Acknowledged before the device is looked at: what comes later signals again. */
        if ((bits & irq_bits) != 0 && irq_ack(irq_slot) != OK) {
            panic("the interrupt cannot be acknowledged");
        }
        uint64_t deadline = netdrv_work(driver, (bits & irq_bits) != 0, clock_ticks());
        enum error error = notif_wait(driver->device.bell_slot, deadline, &bits);
        if (error == ERR_TIMEOUT) {
            bits = 0;
        } else if (error != OK) {
            panic("waiting on the bell failed: error %u", (unsigned)error);
        }
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    /* The only instance; everything else gets a pointer. */
    static struct netdrv driver;
    require(thread == 0);
    const struct resource *irq = resource_required(info, "irq", RESOURCE_KIND_IRQ);
    setup(&driver, info);
    netdrv_begin(&driver, clock_ticks());
    loop(&driver, irq->slot, (uint32_t)irq->extra);
}
