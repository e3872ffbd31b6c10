/* A guest, two servers that keep no rule and an operator, eight bytes a step: guest memory, structures, MSI-X, configuration
 * space, notifications on one side; completions, frames, counters, epochs, states and keys on the other. Nothing may reach
 * outside guest memory, the pools and the rings, and every slot of the disk's pool is in just one state. */
#include <stdlib.h>
#include <string.h>

#include <bulkhead/block.h>

#include "driver.h"
#include "fakes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define DISK_SECTORS 512u
#define RINGS 0x100000u
#define RINGS_BYTES 0x8000u
#define DEVICES 4u
#define BUFFERS 0x110000u

struct step {
    uint8_t kind, a, b, c;
    uint32_t value;
};

struct world {
    struct memory memory;
    struct platform platform;
    struct driver driver[DEVICES];
    struct block_channel block;
    struct net_channel net;
    struct block_server block_server;
    struct netlink net_server;
    uint8_t block_pool[BLOCK_LIMITS_POOL_BYTES];
    uint8_t net_pool[NET_LIMITS_POOL_BYTES];
};

static struct world *world;
static const uint32_t queues[DEVICES] = {1, 2, 1, 2};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void serve(void)
{
    struct block_geometry geometry = {.sectors = DISK_SECTORS, .block_bytes = 512, .features = 0x1f};
    block_server_geometry(&world->block_server, &geometry);
    block_server_state(&world->block_server, CHANNEL_STATE_READY);
    world->net.state = CHANNEL_STATE_READY;
    world->net.link = 1;
}

/* Devices with rings that hold: each descriptor of queue n of device d names a buffer of its own. */
static void fill_rings(uint32_t device)
{
    struct driver *driver = &world->driver[device];
    for (uint32_t q = 0; q < queues[device]; q++) {
        for (uint32_t i = 0; i < DRIVER_QUEUE_SIZE; i++) {
            bool write = queues[device] == 2 ? q == 0 : i % 4 != 0;
            driver_descriptor(
                driver, q, i, BUFFERS + 0x1000u * (16 * (device + q) + i), i % 4 == 0 ? 16 : 512,
                (uint16_t)((write ? 2u : 0u) | (device == 0 && i % 4 != 3 ? 1u : 0u)), (uint16_t)(i + 1));
        }
    }
}

static void setup(void)
{
    static const uint32_t slot[DEVICES] = {1, 2, 4, 3}, rings[DEVICES] = {0, 1, 3, 4};
    struct platform_options options = {.memory = &world->memory, .ram_below_4g = 2 * PIECE_BYTES};
    struct virtio_block_options block = {&world->block, world->block_pool, DISK_SECTORS, false};
    struct virtio_net_options net = {&world->net, world->net_pool, 2, true};
    fake_pieces(2);
    fake_random_left = UINT32_MAX;
    memset(memory_at(&world->memory, gpa(RINGS), RINGS_BYTES), 0, RINGS_BYTES);
    memset(&world->block, 0, sizeof world->block);
    memset(&world->net, 0, sizeof world->net);
    platform_init(&world->platform, &options);
    block_server_open(&world->block_server, &world->block);
    netlink_open_net(&world->net_server, &world->net, NETLINK_END_B);
    serve();
    virtio_block_open(&world->platform.bus.block, &block);
    virtio_net_open(&world->platform.bus.net, &net);
    bus_attach_block(&world->platform.bus);
    bus_attach_net(&world->platform.bus);
    bus_attach_console(&world->platform.bus);
    bus_attach_entropy(&world->platform.bus);
    for (uint32_t i = 0; i < DEVICES; i++) {
        require(driver_start(&world->driver[i], &world->platform, &world->memory, slot[i], UINT64_MAX,
                             queues[i], RINGS + 0x1000u * rings[i]));
        fill_rings(i);
    }
}

static void guest(const struct step *step)
{
    struct driver *driver = &world->driver[step->a % DEVICES];
    uint32_t size = 1u << step->c % 3, queue = step->b / 32u % queues[step->a % DEVICES];
    switch (step->kind >> 4) {
    case 0:
    case 1:
    case 2:
        memcpy(driver_at(driver, RINGS + ((uint32_t)(step->b << 8 | step->c) & (RINGS_BYTES - 4))),
               &step->value, 4);
        break;
    case 3:
        memcpy(driver_at(driver, BUFFERS + ((uint32_t)step->b << 12) + (step->c & 0x1cu)), &step->value, 4);
        break;
    case 4:
    case 5:
    case 6:
        driver_offer(driver, queue, (uint16_t)(step->value % 32));
        driver_notify(driver, queue);
        break;
    case 7:
    case 8:
        driver_out(driver, step->b, size, step->value);
        break;
    case 9:
        (void)driver_in(driver, step->b, size);
        break;
    case 10:
        driver_config_write(driver, step->b & ~(size - 1), size, step->value);
        break;
    case 11:
        (void)driver_config(driver, step->b & ~(size - 1), size);
        break;
    case 12:
        platform_store(&world->platform, gpa(0xe0000000 + ((uint64_t)(step->b << 8 | step->c) & 0x3fff)),
                       size, step->value, 0);
        break;
    case 13:
        (void)platform_load(&world->platform, gpa(0xe0000000 + ((uint64_t)(step->b << 8 | step->c) & 0x3fff)),
                            size, 0);
        break;
    default:
        for (uint32_t i = 0; i < step->b % 32u; i++) {
            driver_offer(driver, queue, (uint16_t)(step->value + i));
        }
        driver_notify(driver, queue);
        break;
    }
}

static void block_server(const struct step *step)
{
    struct block_request request;
    switch (step->a % 8) {
    case 0:
    case 1:
    case 2:
        while (block_server_take(&world->block_server, &request)) {
            require(request.id < BLOCK_LIMITS_SLOTS && request.op <= BLOCK_OP_WRITE_ZEROES);
            require(request.data + (request.op <= BLOCK_OP_WRITE ? 512u * (uint64_t)request.sectors : 0) <=
                    BLOCK_LIMITS_POOL_BYTES);
            require(request.sector <= DISK_SECTORS && request.sectors <= DISK_SECTORS - request.sector);
            block_server_complete(&world->block_server, request.id, (enum block_status)(step->b % 6));
        }
        (void)block_server_publish(&world->block_server);
        break;
    case 3:
        block_server_complete(&world->block_server, (uint16_t)step->value, (enum block_status)step->b);
        (void)block_server_publish(&world->block_server);
        break;
    case 4:
        ((volatile uint32_t *)(volatile void *)&world->block)[step->b % 64] = step->value;
        break;
    case 5: /* a server that starts anew */
        memset(&world->block, 0, sizeof world->block);
        world->block.epoch = step->value;
        block_server_open(&world->block_server, &world->block);
        if (step->b % 2 == 0) {
            serve();
        }
        break;
    default:
        world->block.state = step->b % 4u;
        break;
    }
}

static void net_server(const struct step *step)
{
    struct netring *ring = &world->net_server.receive;
    switch (step->a % 8) {
    case 0:
    case 1:
    case 2:
        if (netring_space(ring) != 0) {
            world->net.receive[netring_index(ring->position)] =
                (struct net_frame){.len = (uint16_t)step->value};
            ring->position++;
            (void)netring_publish(ring);
        }
        break;
    case 3:
        world->net_server.transmit.position += netring_pending(&world->net_server.transmit);
        (void)netring_publish(&world->net_server.transmit);
        break;
    case 4:
        ((volatile uint32_t *)(volatile void *)&world->net)[step->b % 64] = step->value;
        break;
    case 5:
        memset(&world->net, 0, sizeof world->net);
        world->net.epoch = step->value;
        netlink_follow(&world->net_server);
        serve();
        break;
    default:
        world->net.link = step->b % 2u;
        break;
    }
}

/* Whoever empties and fills the console, a part at a time. */
static void console_end(const struct step *step)
{
    struct virtio_console *console = &world->platform.bus.console;
    const uint8_t *bytes, *ram = memory_at(&world->memory, gpa(0), 1);
    uint8_t keys[256] = {0};
    uint64_t len = virtio_console_output(console, &bytes), room;
    require(len <= 2 * PIECE_BYTES);
    require(len == 0 || (bytes >= ram && bytes + len <= ram + 2 * PIECE_BYTES));
    if (len != 0 && step->b % 4 == 0) {
        require(virtio_console_drop(console) >= len);
    } else if (len != 0) {
        virtio_console_sent(console, min_u64(len, step->value));
    }
    room = step->b % 2 == 0 ? virtio_console_room(console) : 0;
    if (room != 0) {
        virtio_console_input(console, keys, min_u64(room, step->c));
    }
    virtio_console_settle(console);
}

static void check(void)
{
    const struct virtio_block *block = &world->platform.bus.block;
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        bool is_free = (block->free >> i & 1u) != 0;
        require(is_free == (block->slot[i].state == BLOCK_SLOT_FREE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (world == NULL) {
        world = calloc(1, sizeof *world);
        require(world != NULL);
        fake_memory(&world->memory, 2 * PIECE_BYTES, 2);
    }
    setup();
    for (; len >= sizeof(struct step); data += sizeof(struct step), len -= sizeof(struct step)) {
        struct step step;
        memcpy(&step, data, sizeof step);
        switch (step.kind & 3) {
        case 0:
        case 1:
            guest(&step);
            break;
        case 2:
            block_server(&step);
            break;
        default:
            if ((step.a & 8u) != 0) {
                console_end(&step);
            } else {
                net_server(&step);
            }
            break;
        }
        for (uint32_t i = 0; i < 64 && bus_work(&world->platform.bus); i++) {
        }
        check();
    }
    return 0;
}
