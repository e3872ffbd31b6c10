/* One guest's domain: reads its description, fills the guest's memory, runs it, and then stays for the record. */
#include <bulkhead/message.h>

#include "acpi.h"
#include "cipher.h"
#include "log.h"
#include "panic.h"
#include "resource.h"
#include "start.h"
#include "stubs.h"
#include "vm.h"

/* 2026-01-01 00:00:00 UTC: the machine gives no wall clock yet, and guests want a plausible one. */
#define DEFAULT_BOOT_S UINT64_C(1767225600)
#define DEFAULT_BELL_BITS 4u

static struct blob image(const struct domain_info *info, const char *name, const char *text_name)
{
    const struct resource *found = resource_find(info, name);
    struct blob blob = {0};
    if (found != NULL && found->kind == RESOURCE_KIND_IMAGE) {
        blob.bytes = (const uint8_t *)(uintptr_t)found->address;
        blob.len = found->bytes;
    }
    blob.text = resource_text(info, text_name, &blob.text_len);
    return blob;
}

static void add_module(struct boot_request *request, struct blob module)
{
    if (module.bytes != NULL && request->module_count < BOOT_MODULES_MAX) {
        request->modules[request->module_count++] = module;
    }
}

static void read_request(const struct domain_info *info, struct boot_request *request)
{
    static const char *const names[][2] = {
        {"initrd", "initrd-args"},     {"module-0", "module-0-args"}, {"module-1", "module-1-args"},
        {"module-2", "module-2-args"}, {"module-3", "module-3-args"}, {"module-4", "module-4-args"},
        {"module-5", "module-5-args"}, {"module-6", "module-6-args"},
    };
    *request = (struct boot_request){.kernel = image(info, "kernel", "cmdline")};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        add_module(request, image(info, names[i][0], names[i][1]));
    }
}

static void open_memory(struct vm *vm, const struct domain_info *info)
{
    const struct resource *ram = resource_required(info, "ram", RESOURCE_KIND_FRAMES);
    if (ram->extra != PIECE_BYTES || ram->address == 0 || ram->count > MEMORY_PIECES_MAX) {
        panic("resource 'ram': %u frames of %llx bytes at %llx", ram->count, (unsigned long long)ram->extra,
              (unsigned long long)ram->address);
    }
    vm->ram_slot = ram->slot;
    vm->space_slot = resource_slot(info, "guest-space", RESOURCE_KIND_SPACE);
    memory_init(&vm->memory, (void *)(uintptr_t)ram->address, ram->count * PIECE_BYTES);
}

static void open_console(struct vm *vm, const struct domain_info *info)
{
    const struct resource *region = resource_find(info, "console");
    const struct resource *bell = resource_find(info, "console-bell");
    struct console_channel *channel = NULL;
    if (region != NULL && region->kind == RESOURCE_KIND_REGION && region->bytes >= sizeof *channel) {
        channel = (struct console_channel *)(uintptr_t)region->address;
    }
    uint32_t bits = bell != NULL && bell->extra != 0 ? (uint32_t)bell->extra : DEFAULT_BELL_BITS;
    console_open(&vm->console, channel, bell != NULL ? bell->slot : 0, bits);
}

static void open_clock(struct vm *vm, const struct domain_info *info)
{
    uint64_t remaining, debt;
    uint64_t boot_s = resource_number(info, "boot-seconds", DEFAULT_BOOT_S);
    timebase_init(&vm->timebase, info->tsc_khz, vm_now());
    kvmclock_init(&vm->kvmclock, boot_s);
    const struct resource *sched = resource_find(info, "sched");
    if (sched != NULL && sched->kind == RESOURCE_KIND_SCHED &&
        sched_info(sched->slot, &vm->consumed_at_start, &remaining, &debt) == OK) {
        vm->sched_slot = sched->slot;
    }
}

static void open_platform(struct vm *vm, const struct domain_info *info)
{
    struct platform_options options = {
        .memory = &vm->memory,
        .boot_s = vm->kvmclock.boot_s,
        .ram_below_4g = vm->memory.low_bytes,
        .ram_above_4g = vm->memory.high_bytes,
        .debug_exit_port = (uint16_t)resource_number(info, "debug-exit", 0),
    };
    platform_init(&vm->platform, &options);
    cpuid_build(&vm->cpuid);
    vm->mtrr_default = 0xc06; /* enabled, fixed ranges too, write-back */
}

static void open_vcpu(struct vm *vm, const struct domain_info *info)
{
    const struct resource *vcpu = resource_required(info, "vcpu", RESOURCE_KIND_VCPU);
    vm->vcpu_slot = vcpu->slot;
    vm->run_target = ipc_target(CALL_VCPU_RUN, vcpu->slot);
    vm->state = (struct vcpu_state *)(uintptr_t)vcpu->address;
    vm->bell_slot = resource_slot(info, "bell", RESOURCE_KIND_NOTIF);
    uint64_t limit_us = resource_number(info, "call-limit-us", 0);
    vm->state->call_limit = limit_us * info->tsc_khz / 1000;
}

static void boot(struct vm *vm, const struct domain_info *info)
{
    struct boot_request request;
    struct entry entry;
    read_request(info, &request);
    if (request.kernel.bytes == NULL) {
        vm_die(vm, DEATH_IMAGE_REFUSED, "no image 'kernel'");
        return;
    }
    if (!acpi_write(&vm->memory, bus_populated(&vm->platform.bus), &request.rsdp)) {
        vm_die(vm, DEATH_MEMORY_EXHAUSTED, "no memory for the ACPI tables");
        return;
    }
    const char *refused = boot_load(&vm->memory, &request, &entry);
    if (refused != NULL) {
        vm_die(vm, DEATH_IMAGE_REFUSED, refused);
        return;
    }
    if (!vm_start(vm, &entry)) {
        vm_die(vm, DEATH_MEMORY_EXHAUSTED, "no memory for the boot tables");
    }
}

/* The guest is over. mgmt decides what comes next; a bell rung meanwhile is taken and means nothing. */
static _Noreturn void stay(const struct vm *vm)
{
    for (;;) {
        uint32_t bits;
        if (notif_wait(vm->bell_slot, DEADLINE_NEVER, &bits) == ERR_RETIRED) {
            panic("the bell is gone");
        }
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    static struct vm vm;
    if (thread != 0) {
        cipher_run(info);
    }
    open_vcpu(&vm, info);
    open_memory(&vm, info);
    open_console(&vm, info);
    open_clock(&vm, info);
    open_platform(&vm, info);
    vm_open_channels(&vm, info);
    boot(&vm, info);
    if (vm.ended == GUEST_RUNS) {
        log_line("guest enters with %llu MiB",
                 (unsigned long long)((vm.memory.low_bytes + vm.memory.high_bytes) >> 20));
        vm_run(&vm);
    }
    stay(&vm);
}
