/* A VMM that asks for what is another tenant's, once, when its guest reads a certain sector: past blkvirt there is nothing that
 * would know whose a sector is, so each must be refused there. */
#include <log.h>
#include <resource.h>
#include <stubs.h>

#include <bulkhead/domain.h>

#include "virtio_block.h"

enum {
    TRIGGER_SECTOR = 100 * 2048, /* test_hostile_disk.py */
    OWN_ID = 63,                 /* the guest never has so many under way here */
    DOMAIN_INFO = 0x3ff000,      /* docs/architecture.md, "Boot" */
    SPINS = 10000000,
    OWN_DATA = OWN_ID * BLOCK_LIMITS_SLOT_BYTES,
    OTHERS_DATA = BLOCK_LIMITS_POOL_BYTES + (2 << 20), /* the device sees a gap between two tenants' pools */
};

void __real_virtio_block_work(struct virtio_block *block);
void __wrap_virtio_block_work(struct virtio_block *block);

struct offence {
    const char *what;
    struct block_request request;
};

static struct block_request own(enum block_op op, uint64_t sector, uint64_t data)
{
    return (struct block_request){
        .id = OWN_ID, .op = (uint8_t)op, .sectors = 8, .sector = sector, .data = data};
}

/* The status that the server gave, which stays in the ring for who serves the guest; UINT32_MAX: none. */
static uint32_t status_of_own(const struct block_client *client)
{
    const volatile struct block_channel *page = client->channel;
    for (uint32_t spins = 0; spins < SPINS; spins++) {
        const uint32_t head = block_load(&page->completion_head);
        for (uint32_t at = client->completion_tail; at != head; at++) {
            if (page->completion[at % BLOCK_LIMITS_RING].id == OWN_ID) {
                return page->completion[at % BLOCK_LIMITS_RING].status;
            }
        }
    }
    return UINT32_MAX;
}

static void commit(struct virtio_block *block, const struct offence *offence)
{
    const struct resource *bell =
        resource_required((const struct domain_info *)DOMAIN_INFO, "block-bell", RESOURCE_KIND_NOTIF);
    const bool posted = block_client_post(&block->client, &offence->request);
    (void)block_client_publish(&block->client);
    const bool rung = notif_signal(bell->slot, (uint32_t)bell->extra) == OK;
    const uint32_t status = posted && rung ? status_of_own(&block->client) : UINT32_MAX;
    log_line("%s: %s", offence->what,
             status == BLOCK_STATUS_RANGE ? "refused"
             : status == UINT32_MAX       ? "NO ANSWER"
                                          : "SERVED");
    __real_virtio_block_work(block); /* takes the answer, for one that nobody asked for */
}

static bool called(const struct virtio_block *block)
{
    for (uint32_t i = 0; i < BLOCK_LIMITS_SLOTS; i++) {
        const struct block_slot *slot = &block->slot[i];
        if (slot->state == BLOCK_SLOT_SENT && slot->sector <= TRIGGER_SECTOR &&
            TRIGGER_SECTOR < slot->sector + slot->sectors) {
            return true;
        }
    }
    return false;
}

void __wrap_virtio_block_work(struct virtio_block *block)
{
    static bool done;
    const struct offence offences[] = {
        {"a read of the neighbour's first sectors", own(BLOCK_OP_READ, block->sectors, OWN_DATA)},
        {"a write to the neighbour's first sectors", own(BLOCK_OP_WRITE, block->sectors, OWN_DATA)},
        {"a read across the end", own(BLOCK_OP_READ, block->sectors - 4, OWN_DATA)},
        {"a read before the beginning", own(BLOCK_OP_READ, UINT64_MAX - 7, OWN_DATA)},
        {"a read into the neighbour's pool", own(BLOCK_OP_READ, 0, OTHERS_DATA)},
        {"a write out of the neighbour's pool", own(BLOCK_OP_WRITE, 0, OTHERS_DATA)},
    };
    __real_virtio_block_work(block);
    if (done || !called(block)) {
        return;
    }
    done = true;
    for (uint32_t i = 0; i < sizeof offences / sizeof offences[0]; i++) {
        commit(block, &offences[i]);
    }
}
