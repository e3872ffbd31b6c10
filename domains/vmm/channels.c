/* Disk, network and virtio console of this guest: what the description says of them, bells, and the log of devices that broke. */
#include <bulkhead/message.h>

#include "cipher.h"
#include "clock.h"
#include "log.h"
#include "resource.h"
#include "stubs.h"
#include "vm.h"

#define BELL_BITS_BLOCK 0x10u
#define BELL_BITS_NET 0x40u
#define FLAG_READ_ONLY 1u
#define FLAG_ENCRYPT 2u
#define FLAG_MERGE 1u /* of net-info's address */
/* A guest reads its disk's geometry once, so it had better be known; drivers are ready within milliseconds. */
#define READY_WAIT_NS UINT64_C(2000000000)
/* How long frames wait that the guest sends while it goes on running; when it halts they wait no longer. */
#define LOOK_AFTER_NS UINT64_C(200000)
/* How long a guest may have to wait to hear that frames were sent, if it does not look itself. */
#define TELL_AFTER_NS UINT64_C(1000000)

static void *region(const struct domain_info *info, const char *name, uint64_t bytes)
{
    const struct resource *found = resource_find(info, name);
    if (found == NULL || found->kind != RESOURCE_KIND_REGION || found->bytes < bytes) {
        return NULL;
    }
    return (void *)(uintptr_t)found->address;
}

static struct bell bell_of(const struct domain_info *info, const char *name, uint32_t otherwise)
{
    const struct resource *found = resource_find(info, name);
    struct bell bell = {0, otherwise};
    if (found != NULL && found->kind == RESOURCE_KIND_NOTIF) {
        bell.slot = found->slot;
        bell.bits = found->extra != 0 ? (uint32_t)found->extra : otherwise;
    }
    return bell;
}

static void ring(struct bell *bell)
{
    if (bell->slot != 0 && notif_signal(bell->slot, bell->bits) != OK) {
        bell->slot = 0; /* the other end is gone for good */
    }
}

static void wait_for_disk(struct vm *vm)
{
    uint64_t deadline = timebase_tsc(&vm->timebase, vm_now_ns(vm) + READY_WAIT_NS);
    enum error error = OK;
    while (!virtio_block_known(&vm->platform.bus.block) && error != ERR_TIMEOUT) {
        uint32_t bits;
        error = notif_wait(vm->bell_slot, deadline, &bits);
    }
    if (error == ERR_TIMEOUT) {
        log_line("the disk is not ready: the guest starts without knowing its block size");
    }
}

static void open_block(struct vm *vm, const struct domain_info *info)
{
    const struct resource *about = resource_find(info, "block-info");
    struct virtio_block_options options = {
        .channel = region(info, "block", sizeof(struct block_channel)),
        .pool = region(info, "block-pool", BLOCK_LIMITS_POOL_BYTES),
    };
    if (options.channel == NULL || options.pool == NULL || about == NULL ||
        about->kind != RESOURCE_KIND_NUMBER) {
        return;
    }
    options.sectors = about->bytes;
    options.read_only = (about->count & FLAG_READ_ONLY) != 0;
    vm->block_bell = bell_of(info, "block-bell", BELL_BITS_BLOCK);
    if ((about->count & FLAG_ENCRYPT) != 0) {
        vm->block_bell = bell_of(info, "cipher-bell", BELL_BITS_BLOCK);
        if (!cipher_open(info, &options)) {
            return;
        }
    }
    virtio_block_open(&vm->platform.bus.block, &options);
    /* Whoever serves it may sleep and has not seen the new epoch, or this client at all. */
    ring(&vm->block_bell);
    wait_for_disk(vm);
    bus_attach_block(&vm->platform.bus);
}

static void open_net(struct vm *vm, const struct domain_info *info)
{
    const struct resource *about = resource_find(info, "net-info");
    struct virtio_net_options options = {
        .channel = region(info, "net", sizeof(struct net_channel)),
        .pool = region(info, "net-pool", NET_LIMITS_POOL_BYTES),
    };
    if (options.channel == NULL || options.pool == NULL || about == NULL ||
        about->kind != RESOURCE_KIND_NUMBER) {
        return;
    }
    options.mac = about->extra;
    options.merge = (about->address & FLAG_MERGE) != 0;
    vm->net_bell = bell_of(info, "net-bell", BELL_BITS_NET);
    virtio_net_open(&vm->platform.bus.net, &options);
    ring(&vm->net_bell);
    bus_attach_net(&vm->platform.bus);
}

/* The channel itself is open; it may end in the UART alone. */
static void open_console_device(struct vm *vm, const struct domain_info *info)
{
    if (resource_number(info, "console-device", 0) == VIRTIO_ID_CONSOLE) {
        vm->console.virtio = true;
        bus_attach_console(&vm->platform.bus);
    }
}

void vm_open_channels(struct vm *vm, const struct domain_info *info)
{
    open_block(vm, info);
    open_net(vm, info);
    open_console_device(vm, info);
    const struct bus *bus = &vm->platform.bus;
    if (bus_populated(bus) && virtio_entropy_works((vm->cpuid.basic[1].ecx & CPUID_RDRAND) != 0)) {
        bus_attach_entropy(&vm->platform.bus);
    }
}

/* Told once for each device, counted always. */
static void log_broken(struct bus *bus)
{
    static const char *const names[PCI_FUNCTIONS] = {"disk", "network", "console", "entropy"};
    for (unsigned i = 0; i < PCI_FUNCTIONS; i++) {
        struct virtio *device = bus->device[i];
        if (device == NULL || device->broken == NULL) {
            continue;
        }
        if (device->breaks == 1) {
            log_line("virtio %s needs a reset: %s", names[i], device->broken);
        }
        device->broken = NULL;
    }
}

/* False: servers stand above guests, and the answer is there already. */
static bool ring_block(struct vm *vm)
{
    ring(&vm->block_bell);
    return virtio_block_listen(&vm->platform.bus.block);
}

static void plan(struct vm *vm, uint64_t *at, uint64_t after_ns)
{
    *at = vm_now() + timebase_tsc(&vm->timebase, after_ns) - timebase_tsc(&vm->timebase, 0);
    vm->deadline = min_u64(vm->deadline, *at);
}

bool vm_settle_channels(struct vm *vm)
{
    struct bus *bus = &vm->platform.bus;
    bool settled = !bus->block.signal || ring_block(vm);
    uint64_t refused = cipher_refused();
    if (refused != 0) {
        log_line("the disk gave %llu contents that are not what was written there: I/O errors",
                 (unsigned long long)refused);
    }
    if (bus->net.signal) {
        bus->net.signal = false;
        ring(&vm->net_bell);
    }
    if (bus->net.lingers && vm->look_at == 0) {
        plan(vm, &vm->look_at, LOOK_AFTER_NS);
    }
    if (bus->net.owes_new) {
        bus->net.owes_new = false;
        plan(vm, &vm->tell_at, TELL_AFTER_NS);
    } else if (!bus->net.owes) {
        vm->tell_at = 0;
    }
    if (bus->attention) {
        bus->attention = false;
        vm->attention = true;
        log_broken(bus);
    }
    return settled;
}
