#include "cipher.h"

#include <bulkhead/message.h>

#include "clock.h"
#include "cpuid.h"
#include "cryptdisk.h"
#include "heap.h"
#include "log.h"
#include "panic.h"
#include "resource.h"
#include "stubs.h"
#include "virtio_entropy.h"

struct cipher {
    struct cryptdisk disk;
    struct block_channel front;
    uint64_t refused_told;
    uint8_t front_pool[BLOCK_LIMITS_POOL_BYTES];
    struct crypt_state state[]; /* of each group of the window */
};

static struct cipher *shared; /* the one disk; set when all of it is in place */

static bool fill(struct cipher *cipher, const struct domain_info *info,
                 const struct virtio_block_options *outer)
{
    const struct resource *key = resource_find(info, "key");
    struct cryptdisk_parts parts = {.front = &cipher->front,
                                    .back = outer->channel,
                                    .front_pool = cipher->front_pool,
                                    .back_pool = outer->pool,
                                    .state = cipher->state,
                                    .groups_max = crypt_groups(outer->sectors),
                                    .random = virtio_entropy_word};
    if (key == NULL || key->kind != RESOURCE_KIND_IMAGE || key->bytes != CRYPT_KEY_BYTES) {
        log_line("no disk: it is to be encrypted, and there is no key of %u bytes", CRYPT_KEY_BYTES);
        return false;
    }
    parts.key = (const uint8_t *)(uintptr_t)key->address;
    if (!virtio_entropy_works((host_cpuid(1, 0).ecx & CPUID_RDRAND) != 0) ||
        !cryptdisk_open(&cipher->disk, &parts)) {
        log_line("no disk: it is to be encrypted, and this processor gives no random numbers");
        return false;
    }
    return true;
}

bool cipher_open(const struct domain_info *info, struct virtio_block_options *options)
{
    uint64_t groups = crypt_groups(options->sectors);
    /* Zeroed by builder. Not malloc: newlib's uses vector registers, and those are the guest's. */
    uint64_t bytes = sizeof(struct cipher) + groups * sizeof(struct crypt_state);
    struct cipher *cipher = bytes <= INTPTR_MAX ? heap_move((ptrdiff_t)bytes) : NULL;
    if (cipher == NULL) {
        log_line("no disk: no memory to encrypt it");
        return false;
    }
    if (!fill(cipher, info, options)) {
        return false;
    }
    options->channel = &cipher->front;
    options->pool = cipher->disk.front_pool;
    options->sectors = crypt_data_sectors(options->sectors);
    __atomic_store_n(&shared, cipher, __ATOMIC_RELEASE);
    return true;
}

uint64_t cipher_refused(void)
{
    if (shared == NULL) {
        return 0;
    }
    uint64_t now = __atomic_load_n(&shared->disk.refused, __ATOMIC_RELAXED), before = shared->refused_told;
    shared->refused_told = now;
    return now - before;
}

static void signal(uint32_t slot, uint32_t bits)
{
    if (notif_signal(slot, bits) == ERR_RETIRED) {
        panic("a bell is gone");
    }
}

_Noreturn void cipher_run(const struct domain_info *info)
{
    const struct resource *guest = resource_required(info, "own-bell", RESOURCE_KIND_NOTIF);
    const struct resource *disk = resource_required(info, "block-bell", RESOURCE_KIND_NOTIF);
    uint32_t bell = resource_slot(info, "cipher-bell", RESOURCE_KIND_NOTIF);
    bool begun = false;
    for (;;) {
        uint32_t bits;
        if (notif_wait(bell, DEADLINE_NEVER, &bits) == ERR_RETIRED) {
            panic("the cipher's bell is gone");
        }
        struct cipher *cipher = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
        if (cipher == NULL) {
            continue;
        }
        if (!begun) { /* after a restart blkvirt sleeps and has not seen the new epoch */
            begun = true;
            signal(disk->slot, (uint32_t)disk->extra);
        }
        do {
            unsigned signals = cryptdisk_wake(&cipher->disk);
            if ((signals & CRYPTDISK_SIGNAL_BACK) != 0) {
                signal(disk->slot, (uint32_t)disk->extra);
            }
            if ((signals & CRYPTDISK_SIGNAL_FRONT) != 0) {
                signal(guest->slot, (uint32_t)guest->extra);
            }
        } while (!cryptdisk_sleep(&cipher->disk));
    }
}
