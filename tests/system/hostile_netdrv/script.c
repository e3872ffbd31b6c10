/* A network driver that turns hostile when it is given a frame of a certain length: in its first life of 1300 bytes, in its
 * second of 1301, and so on, so that the replayed frame, which is the one that was in flight, is sent by the next life. What
 * it does is named in test_hostile_network.py. */
#include <stddef.h>

#include <bulkhead/domain.h>
#include <clock.h>
#include <log.h>
#include <panic.h>
#include <stubs.h>

#include "netdrv.h"

enum {
    TRIGGER_BYTES = 1300,
    DOMAIN_INFO = 0x3ff000, /* docs/architecture.md, "Boot" */
    KERNEL_MEMORY = 0x100000,
    GUEST_MEMORY = 0x20000000,
    FLOOD = 200000,
};

#define SHOWN_NS UINT64_C(300000000)

/* Messages in the remappable format ([VT-d-4.1] 5.1.2.2), of handle 30, whose entry no driver has; a descriptor fills the 16
 * bytes from here, and each of its words is such a message. */
#define MESSAGES UINT64_C(0xfee003d0)
/* The same of handle 0: the disk's, whose entry names another source. */
#define MESSAGES_OF_THE_DISK UINT64_C(0xfee00010)

/* What the disk's iospace maps as a tenant's pool; the test looks that up. */
#define OTHERS_POOL UINT64_C(0x1000600000)

void __real_e1000e_transmit(struct e1000e *device, uint32_t position, const struct net_transmit *entry);
void __wrap_e1000e_transmit(struct e1000e *device, uint32_t position, const struct net_transmit *entry);
uint64_t __real_netdrv_work(struct netdrv *driver, bool interrupt, uint64_t now);
uint64_t __wrap_netdrv_work(struct netdrv *driver, bool interrupt, uint64_t now);

static void fall_silent(struct netdrv *driver)
{
    uint32_t bits;
    for (;;) {
        if (notif_wait(driver->device.bell_slot, DEADLINE_NEVER, &bits) != OK) {
            continue;
        }
    }
}

static void scribble(struct netdrv *driver)
{
    volatile uint32_t *words = (volatile uint32_t *)(void *)driver->channel;
    for (uint32_t i = 1; i < sizeof *driver->channel / 4; i++) {
        words[i] = 0xfffffff7;
    }
}

static void give_frame(struct netdrv *driver, struct net_frame frame)
{
    struct netring *ring = &driver->link.receive;
    driver->channel->receive[netring_index(ring->position)] = frame;
    ring->position++;
    (void)netring_publish(ring);
}

/* The device reads @address, to send it. */
static void aim_reading(struct netdrv *driver, uint64_t address)
{
    const struct net_transmit entry = {.header = address, .header_len = 128};
    __real_e1000e_transmit(&driver->device, driver->taken, &entry);
    e1000e_transmit_ring(&driver->device);
}

/* The device writes what it receives to @address. */
static void aim_writing(struct netdrv *driver, uint64_t address)
{
    struct e1000e *device = &driver->device;
    for (uint32_t i = 0; i < RECEIVE_DESCRIPTORS; i++) {
        device->rings->receive[i] = (struct e1000e_receive_descriptor){.address = address};
    }
}

/* The device takes the message range for its ring, and writes its descriptors back there. */
static void aim_messages(struct netdrv *driver, uint64_t messages)
{
    struct e1000e *device = &driver->device;
    e1000e_write(device, E1000E_RCTL, 0);
    e1000e_write(device, E1000E_RDBAL, (uint32_t)messages);
    e1000e_write(device, E1000E_RDBAH, 0);
    e1000e_write(device, E1000E_RDLEN, 128);
    e1000e_write(device, E1000E_RDH, 0);
    e1000e_write(device, E1000E_RDT, 1);
    e1000e_write(device, E1000E_RCTL, RCTL_ENABLE | RCTL_UNICAST_ALL | RCTL_MULTICAST_ALL | RCTL_BROADCAST);
}

/* As many interrupts as the device can raise; none is acknowledged. */
static void flood(struct netdrv *driver)
{
    const enum e1000e_register cause_set = (enum e1000e_register)0xc8; /* [I82574] 10.2.4: ICS */
    e1000e_write(&driver->device, E1000E_EIAC, 0);
    e1000e_write(&driver->device, E1000E_EITR0, 0);
    for (uint32_t i = 0; i < FLOOD; i++) {
        e1000e_write(&driver->device, E1000E_IMS, CAUSE_RECEIVE_0 | CAUSE_OTHER);
        e1000e_write(&driver->device, cause_set, CAUSE_RECEIVE_0 | CAUSE_OTHER);
        e1000e_write(&driver->device, E1000E_ICR, UINT32_MAX);
    }
}

/* Lives of the device's misuse. */
static void misuse(struct netdrv *driver, uint32_t life)
{
    switch (life) {
    case 10:
        aim_reading(driver, KERNEL_MEMORY);
        break;
    case 11:
        aim_writing(driver, GUEST_MEMORY);
        break;
    case 12:
        aim_messages(driver, MESSAGES);
        break;
    case 13:
        flood(driver);
        break;
    case 16:
        aim_messages(driver, MESSAGES_OF_THE_DISK);
        break;
    case 17:
        aim_reading(driver, OTHERS_POOL);
        break;
    default:
        break;
    }
}

/* Lives of the channel's misuse. */
static void lie(struct netdrv *driver, uint32_t life)
{
    switch (life) {
    case 5:
        driver->channel->transmit_tail = driver->channel->transmit_head + 1;
        break;
    case 6:
        driver->channel->receive_head += 1000;
        break;
    case 7:
        give_frame(driver, (struct net_frame){.len = 2000});
        break;
    case 8:
        give_frame(driver, (struct net_frame){.len = 60, .flags = NET_CHECKED << 1});
        break;
    case 9:
        scribble(driver);
        break;
    case 14:
        driver->channel->epoch += 5;
        panic("an epoch of its own");
    case 15:
        driver->channel->transmit_tail = driver->channel->transmit_head;
        panic("a frame that was not sent");
    default:
        break;
    }
}

static void write_to(volatile uint64_t address)
{
    *(volatile uint64_t *)(uintptr_t)address = 1;
}

static void misbehave(struct netdrv *driver, uint32_t life)
{
    switch (life) {
    case 0:
        write_to(8);
        break;
    case 1:
        write_to(0x7fffdeadb000);
        break;
    case 2:
        for (;;) {
            __asm__ volatile("" ::: "memory");
        }
    case 3:
        fall_silent(driver);
        break;
    case 4:
        panic("the end");
    default:
        lie(driver, life);
        misuse(driver, life);
        break;
    }
}

/* Lives that go on serving, so that frames come that the device puts where it was told. */
static bool goes_on(uint32_t life)
{
    return life == 11 || life == 12 || life == 16;
}

static uint32_t life_of(void)
{
    return ((const struct domain_info *)DOMAIN_INFO)->epoch;
}

static uint64_t ends_at = DEADLINE_NEVER;

/* The frame that calls for it is in flight from here on. */
void __wrap_e1000e_transmit(struct e1000e *device, uint32_t position, const struct net_transmit *entry)
{
    struct netdrv *driver = (struct netdrv *)(void *)((uint8_t *)device - offsetof(struct netdrv, device));
    uint32_t life = life_of();
    if ((uint32_t)entry->header_len + entry->rest_len == TRIGGER_BYTES + life) {
        log_line("life %u: hostile from here on", life);
        misbehave(driver, life);
        netdrv_signal(driver);
        if (!goes_on(life)) {
            fall_silent(driver);
        }
        ends_at = clock_deadline_after(SHOWN_NS, device->tsc_khz);
    }
    __real_e1000e_transmit(device, position, entry);
}

/* Management has nothing to see in messages that are blocked, so these lives end by themselves. */
uint64_t __wrap_netdrv_work(struct netdrv *driver, bool interrupt, uint64_t now)
{
    if (now >= ends_at && life_of() != 11) {
        panic("this life ends");
    }
    uint64_t deadline = __real_netdrv_work(driver, interrupt, now);
    return deadline < ends_at ? deadline : ends_at;
}
