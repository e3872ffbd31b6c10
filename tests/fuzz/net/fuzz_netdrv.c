/* netdrv against a device that answers and writes whatever it likes, and a netvirt that does the same. The rings stand in a heap
 * block of their exact size. What must hold: the device is given only addresses of the rings and of netvirt's slots, or those
 * that netvirt named, with lengths of one frame. */
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "netdrv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RINGS_IOVA UINT64_C(0x1000000000)
#define RECEIVE_IOVA UINT64_C(0x1000280000)

static struct {
    struct netdrv driver;
    struct netdev_channel *channel;
    uint32_t registers[E1000E_BAR_BYTES / 4];
    uint8_t answers[64]; /* what reading registers gives, in turn; from the input */
    unsigned answer;
    uint64_t now;
} world;

struct step {
    uint8_t operation, where, value[4];
};

void netdrv_signal(struct netdrv *driver)
{
    (void)driver;
}

void log_line(const char *format, ...)
{
    (void)format;
}

void e1000e_wait(const struct e1000e *device, uint64_t ns)
{
    (void)device;
    (void)ns;
}

/* Now and then what was written, otherwise something else. */
uint32_t e1000e_read(const struct e1000e *device, enum e1000e_register which)
{
    (void)device;
    uint8_t answer = world.answers[world.answer++ % sizeof world.answers];
    switch (answer & 3) {
    case 0:
        return UINT32_MAX;
    case 1:
        return (uint32_t)answer * 0x01010101u;
    case 2:
        return world.registers[which / 4] & ~(uint32_t)CTRL_RESET;
    default:
        return which == E1000E_STATUS ? STATUS_LINK_UP : which == E1000E_RAH0 ? RAH_VALID : 0;
    }
}

void e1000e_write(const struct e1000e *device, enum e1000e_register which, uint32_t value)
{
    (void)device;
    if ((which == E1000E_TDT && value >= TRANSMIT_DESCRIPTORS) ||
        (which == E1000E_RDT && value >= RECEIVE_DESCRIPTORS)) {
        abort();
    }
    world.registers[which / 4] = value;
}

static void check_rings(void)
{
    const struct e1000e_rings *rings = world.driver.device.rings;
    for (uint32_t i = 0; i < RECEIVE_DESCRIPTORS; i++) {
        uint64_t address = rings->receive[i].address;
        if (address != 0 && address != RECEIVE_IOVA + (uint64_t)i * NET_LIMITS_SLOT_BYTES) {
            abort();
        }
    }
    for (uint32_t i = 0; i < TRANSMIT_DESCRIPTORS; i++) {
        if (rings->transmit[i].length > NET_LIMITS_FRAME_BYTES) {
            abort();
        }
    }
}

static void act(const struct step *step)
{
    struct e1000e_rings *rings = world.driver.device.rings;
    struct netdev_channel *channel = world.channel;
    uint32_t value;
    memcpy(&value, step->value, sizeof value);
    switch (step->operation % 8) {
    case 0: /* any word of the page's head */
        ((uint32_t *)(void *)channel)[step->where % 36] = value;
        break;
    case 1: /* a frame to send */
        channel->transmit[netring_index(channel->transmit_head)] = (struct net_transmit){
            .header_len = step->where, .rest_len = (uint16_t)value, .flags = (uint32_t)(value >> 31)};
        channel->transmit_head++;
        break;
    case 2: /* a status that the device writes */
        rings->receive[step->where].length = (uint16_t)value;
        rings->receive[step->where].errors = (uint8_t)(value >> 16);
        rings->receive[step->where].status = (uint8_t)(value >> 24);
        break;
    case 3:
        rings->transmit[value % TRANSMIT_DESCRIPTORS].status = step->where;
        break;
    case 4: /* an honest netvirt */
        channel->epoch_a = channel->epoch;
        channel->receive_tail = channel->receive_head;
        break;
    case 5:
        world.now += value;
        break;
    case 6: /* an honest device */
        for (unsigned i = 0; i < TRANSMIT_DESCRIPTORS; i++) {
            rings->transmit[i].status = TRANSMIT_DONE;
        }
        break;
    default:
        world.answers[step->where % sizeof world.answers] = step->value[0];
        break;
    }
    (void)netdrv_work(&world.driver, (step->operation & 0x80) != 0, world.now);
    check_rings();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&world, 0, sizeof world);
    memset(world.answers, 3, sizeof world.answers);
    world.channel = calloc(1, sizeof *world.channel);
    world.driver.channel = world.channel;
    world.driver.device = (struct e1000e){.rings = calloc(1, sizeof(struct e1000e_rings)),
                                          .rings_iova = RINGS_IOVA,
                                          .receive_iova = RECEIVE_IOVA,
                                          .tsc_khz = 1000};
    netdrv_begin(&world.driver, 0);
    for (size_t at = 0; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
        struct step step;
        memcpy(&step, data + at, sizeof step);
        act(&step);
    }
    free(world.driver.device.rings);
    free(world.channel);
    return 0;
}
