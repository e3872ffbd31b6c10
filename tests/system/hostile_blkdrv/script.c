/* A disk driver that turns hostile when it is asked for a certain place of tenant a's window: in its first life for
 * place 0, in its second for place 1, and so on, so that the replayed request, which is the one that was in flight, is
 * served by the next life. What it does is named in test_hostile_disk.py. */
#include <clock.h>
#include <log.h>
#include <panic.h>
#include <resource.h>
#include <stubs.h>

#include <bulkhead/domain.h>

#include "channel.h"
#include "nvme.h"

enum {
    WINDOW_FIRST = 2048,    /* the first sector of tenant a */
    PLACES_FIRST = 0x40000, /* of the places, in its window: 128 MiB */
    PLACE_SECTORS = 2048,
    DOMAIN_INFO = 0x3ff000, /* docs/architecture.md, "Boot" */
    KERNEL_MEMORY = 0x100000,
    GUEST_MEMORY = 0x20000000,
    ANSWERED_TWICE = 12, /* the life that needs two wake-ups for its offence */
    FLOOD = 1000,
};

/* What the network card's iospace maps as a tenant's pool; the test looks that up. */
#define OTHERS_POOL UINT64_C(0x1000800000)

bool __real_channel_work(struct channel *channel, uint64_t now, bool *asleep);
bool __wrap_channel_work(struct channel *channel, uint64_t now, bool *asleep);

static volatile struct block_channel *page_of(const struct channel *channel)
{
    return channel->server.channel;
}

/* Behind the compiler's back, which knows better. */
static void poke(uint64_t address)
{
    __asm__ volatile("movl $1, (%0)" : : "r"(address) : "memory");
}

/* Every word that a driver can write in the channel. */
static void scribble(struct channel *channel)
{
    volatile uint32_t *words = (volatile uint32_t *)page_of(channel);
    for (uint32_t i = 0; i < sizeof(struct block_channel) / 4; i++) {
        words[i] = 0xfffffff7;
    }
}

/* Waits for what never comes. */
static void fall_silent(void)
{
    uint32_t bits;
    const uint32_t bell = resource_slot((const struct domain_info *)DOMAIN_INFO, "bell", RESOURCE_KIND_NOTIF);
    for (;;) {
        if (notif_wait(bell, DEADLINE_NEVER, &bits) != OK) {
            continue;
        }
    }
}

/* The device writes what it says of itself into memory that is not the driver's. Not by a request: QEMU 7.2 ends with
 * SIGSEGV when a controller is reset whose transfer of data the IOMMU has refused. */
static struct nvme *aim_device(struct channel *channel, uint64_t address)
{
    struct nvme *nvme = (struct nvme *)(void *)((uint8_t *)channel->drive - offsetof(struct nvme, drive));
    volatile struct nvme_command *entry = nvme_queue_next(&nvme->admin, ADMIN_IDENTIFY, 0);
    entry->prp1 = address;
    entry->dword10 = IDENTIFY_CONTROLLER;
    nvme_queue_publish(nvme, &nvme->admin);
    return nvme;
}

/* Commands that the device answers at once, each with an interrupt; none is acknowledged, here or later. */
static void flood(struct channel *channel)
{
    uint64_t page =
        ((struct nvme *)(void *)((uint8_t *)channel->drive - offsetof(struct nvme, drive)))->iova +
        offsetof(struct nvme_memory, page);
    struct nvme_completion completion;
    for (uint32_t i = 0; i < FLOOD; i++) {
        struct nvme *nvme = aim_device(channel, page);
        while (!nvme_queue_take(nvme, &nvme->admin, &completion)) {
            __asm__ volatile("pause" ::: "memory");
        }
        nvme_queue_release(nvme, &nvme->admin);
    }
    log_line("%u interrupts, none acknowledged", FLOOD);
    fall_silent();
}

static void answer(struct channel *channel, uint16_t id, uint32_t status)
{
    block_server_complete(&channel->server, id, (enum block_status)status);
    (void)block_server_publish(&channel->server);
}

/* Says that so many completions are there. */
static void jump(struct channel *channel, uint32_t completions)
{
    volatile struct block_channel *page = page_of(channel);
    block_store(&page->completion_head, channel->server.completion_shown + completions);
}

static void misbehave(struct channel *channel, uint32_t place, uint16_t id)
{
    log_line("place %u: hostile from here on", place);
    switch (place) {
    case 0:
        poke(0);
        break;
    case 1:
        poke(0x7fffdeadb000);
        break;
    case 2:
        for (;;) {
            __asm__ volatile("" ::: "memory");
        }
    case 3:
        fall_silent();
        break;
    case 4:
        panic("the end");
    case 5:
        answer(channel, (uint16_t)(id ^ 0x80), BLOCK_STATUS_OK);
        break;
    case 6:
        /* That of the entry's last use, or of its next. */
        answer(channel, (uint16_t)(id + 0x100), BLOCK_STATUS_OK);
        break;
    case 7:
        answer(channel, id, 77);
        break;
    case 8:
        jump(channel, 1000);
        break;
    case 9:
        scribble(channel);
        break;
    case 10:
        (void)aim_device(channel, KERNEL_MEMORY);
        break;
    case 11:
        (void)aim_device(channel, GUEST_MEMORY);
        break;
    case ANSWERED_TWICE: /* for the first time; the data is not even there */
        answer(channel, id, BLOCK_STATUS_OK);
        break;
    case 13:
        (void)aim_device(channel, OTHERS_POOL);
        break;
    case 14:
        flood(channel);
        break;
    default:
        break;
    }
}

/* Which request, if any, reads this life's place? Those not taken yet are looked at. */
static bool called(const struct channel *channel, uint32_t place, uint16_t *id)
{
    volatile struct block_channel *page = page_of(channel);
    if (block_load(&page->epoch) != channel->server.epoch ||
        block_load(&page->joined_a) != channel->server.epoch) {
        return false;
    }
    const uint64_t sector = (uint64_t)WINDOW_FIRST + PLACES_FIRST + (uint64_t)place * PLACE_SECTORS;
    const uint32_t head = block_load(&page->request_head);
    for (uint32_t at = channel->server.request_tail; at != head; at++) {
        volatile struct block_request *request = &page->request[at % BLOCK_LIMITS_RING];
        if (request->op == BLOCK_OP_READ && request->sector <= sector &&
            sector < request->sector + request->sectors) {
            *id = request->id;
            return true;
        }
    }
    return false;
}

bool __wrap_channel_work(struct channel *channel, uint64_t now, bool *asleep)
{
    static bool hostile, twice;
    static uint16_t id;
    const uint32_t life = ((const struct domain_info *)DOMAIN_INFO)->epoch;
    if (!hostile && called(channel, life, &id)) {
        hostile = true;
        misbehave(channel, life, id);
        *asleep = true;
        return true;
    }
    if (hostile) {
        /* It lives on, shows that it does, and serves nobody. */
        block_server_pong(&channel->server);
        if (life == ANSWERED_TWICE && !twice) {
            twice = true;
            answer(channel, id, BLOCK_STATUS_OK);
        }
        *asleep = true;
        return true;
    }
    return __real_channel_work(channel, now, asleep);
}
