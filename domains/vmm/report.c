/* How a guest ended, told once: lines in the log for people, the status word for mgmt (docs/operator.md). */
#include <bulkhead/message.h>

#include "log.h"
#include "stubs.h"
#include "vm.h"

static const char *const exit_names[EXIT_REASONS] = {
    [EXIT_REASON_CPUID] = "cpuid",
    [EXIT_REASON_PIO] = "pio",
    [EXIT_REASON_RDMSR] = "rdmsr",
    [EXIT_REASON_WRMSR] = "wrmsr",
    [EXIT_REASON_HLT] = "hlt",
    [EXIT_REASON_NESTED_FAULT] = "memory",
    [EXIT_REASON_HYPERCALL] = "hypercall",
    [EXIT_REASON_EXCEPTION] = "exception",
    [EXIT_REASON_CR_ACCESS] = "control register",
    [EXIT_REASON_XSETBV] = "xsetbv",
    [EXIT_REASON_WBINVD] = "wbinvd",
    [EXIT_REASON_INVD] = "invd",
    [EXIT_REASON_MONITOR] = "monitor",
    [EXIT_REASON_MWAIT] = "mwait",
    [EXIT_REASON_PAUSE] = "pause",
    [EXIT_REASON_RDPMC] = "rdpmc",
    [EXIT_REASON_VIRTUALIZATION] = "virtualization",
};

static unsigned long long wide(uint64_t value)
{
    return (unsigned long long)value;
}

static void log_devices(const struct bus *bus)
{
    const struct virtio_block *block = &bus->block;
    const struct virtio_net *net = &bus->net;
    if (bus->device[VIRTIO_BLOCK] != NULL) {
        log_line("disk: requests %llu, failed %u, sent again %llu, unknown completions %u, resets needed %u",
                 wide(block->requests), block->failed, wide(block->resubmitted), block->unknown_completions,
                 block->virtio.breaks);
    }
    if (bus->device[VIRTIO_NETWORK] != NULL) {
        log_line("network: sent %llu, received %llu, lost %llu and %llu, resets needed %u", wide(net->sent),
                 wide(net->received), wide(net->lost_sending), wide(net->lost_receiving), net->virtio.breaks);
    }
    if (bus->device[VIRTIO_CONSOLE] != NULL) {
        log_line("console: sent %llu, received %llu, resets needed %u", wide(bus->console.sent),
                 wide(bus->console.received), bus->console.virtio.breaks);
    }
}

static void log_counters(const struct vm *vm)
{
    const struct vcpu_state *state = vm->state;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < EXIT_REASONS; i++) {
        sum += vm->exits[i];
        if (vm->exits[i] != 0) {
            log_line("exits: %s %llu", exit_names[i] != NULL ? exit_names[i] : "other", wide(vm->exits[i]));
        }
    }
    log_line("exits: total %llu, hypercalls %llu, memory %u pieces of 2 MiB", wide(sum),
             wide(state->hypercalls), vm->memory.backed_pieces);
    log_line("unknown: ports %llu (last %x), MSRs %u, memory %llu (last %llx); console bytes dropped %llu",
             wide(vm->platform.unknown_ports), vm->platform.last_unknown_port, vm->unknown_msrs,
             wide(vm->platform.unknown_memory), wide(vm->platform.last_unknown_address),
             wide(vm->console.dropped));
    log_devices(&vm->platform.bus);
}

static void log_registers(const struct vm *vm)
{
    const struct vcpu_state *s = vm->state;
    log_line("rip %llx rflags %llx cpl %u exit %u code %llx info %llx address %llx", wide(s->rip),
             wide(s->rflags), s->cpl, s->exit_reason, wide(s->exit_code), wide(s->exit_info),
             wide(s->exit_address));
    log_line("rax %llx rbx %llx rcx %llx rdx %llx rsp %llx rbp %llx rsi %llx rdi %llx", wide(s->gpr[GPR_RAX]),
             wide(s->gpr[GPR_RBX]), wide(s->gpr[GPR_RCX]), wide(s->gpr[GPR_RDX]), wide(s->gpr[GPR_RSP]),
             wide(s->gpr[GPR_RBP]), wide(s->gpr[GPR_RSI]), wide(s->gpr[GPR_RDI]));
    log_line("cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx cs %x ss %x", wide(s->cr0), wide(s->cr2),
             wide(s->cr3), wide(s->cr4), wide(s->efer), s->seg[1].selector, s->seg[2].selector);
}

static void publish(struct vm *vm, enum guest_state how, enum death why, uint32_t value)
{
    vm->ended = how;
    vm->attention = true; /* the loop looks here only then */
    (void)console_pump(&vm->console, &vm->platform, vm_now_ns(vm));
    if (vm->console.channel != NULL) {
        channel_status_write(vm->console.channel, (uint64_t)how | (uint64_t)why << 8 | (uint64_t)value << 32);
    }
    vm->console.unsignaled++; /* the bell rings for the status, too */
    console_flush(&vm->console);
}

void vm_end(struct vm *vm, enum guest_state how, uint32_t value)
{
    if (vm->ended != GUEST_RUNS) {
        return;
    }
    static const char *const names[] = {"runs", "power-off", "reset", "debug-exit", "died"};
    log_line("guest ended: %s, value %x", names[how], value);
    log_counters(vm);
    publish(vm, how, DEATH_NONE, value);
}

void vm_die(struct vm *vm, enum death why, const char *what)
{
    if (vm->ended != GUEST_RUNS) {
        return;
    }
    log_line("guest died: %s", what);
    vm->ended = GUEST_DIED; /* before anything that may want to report again */
    if (vm->state != NULL) {
        enum error error =
            vcpu_read(vm->vcpu_slot, VCPU_GROUP_CONTROL | VCPU_GROUP_SEGMENT | VCPU_GROUP_EFER);
        if (error != OK) {
            log_line("the registers below are older: error %u", (unsigned)error);
        }
        log_registers(vm);
        log_counters(vm);
    }
    publish(vm, GUEST_DIED, why, vm->state != NULL ? (uint32_t)vm->state->exit_code : 0);
}
