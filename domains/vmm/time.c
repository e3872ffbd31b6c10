/* Between two entries: what was delivered, which timers are due, what the console wants, what to offer next. */
#include <bulkhead/message.h>

#include "stubs.h"
#include "vm.h"

#define RFLAGS_IF UINT64_C(0x200)
#define IRQ_VALID UINT64_C(0x100)
#define INJECT_VALID (UINT64_C(1) << 31)
#define VECTOR_NMI 2u
/* A guest may ask for a timer of nanoseconds; between two ticks it gets at least this, which must be more than the way from a
 * tick to the guest takes, or it would never run: 2000 instructions on the slowest clock that we know (Bochs: 100 MHz). */
#define PERIOD_MIN_NS UINT64_C(20000)
#define CONSOLE_RETRY_NS UINT64_C(1000000)
#define CONSOLE_WAITS 8u
/* A guest looks at steal time when its scheduler ticks; asking the kernel costs more than delivering an interrupt. */
#define STEAL_EVERY_NS UINT64_C(1000000)

/* Right after the guest ran, before its exit is looked at: that may be the end of this very interrupt. What could not be
 * delivered, or has company, is offered anew. */
void vm_settle_delivery(struct vm *vm)
{
    bool delivered = (vm->state->irq_vector & IRQ_VALID) == 0;
    if (vm->offered != OFFERED_NONE && delivered) {
        platform_delivered(&vm->platform, vm->offered, vm->offered_vector);
    }
    if (!delivered || vm->offered != OFFERED_LAPIC || lapic_waiting(&vm->platform.lapic)) {
        vm->attention = true;
    }
    vm->offered = OFFERED_NONE;
    vm->after &= ~(uint32_t)VM_AFTER_OFFER;
    vm->state->irq_vector = 0;
}

static void offer_interrupt(struct vm *vm)
{
    struct lapic *lapic = &vm->platform.lapic;
    vm->offered = platform_interrupt(&vm->platform, &vm->offered_vector);
    if (vm->offered != OFFERED_NONE) {
        vm->state->irq_vector = vm->offered_vector | IRQ_VALID;
        vm->after |= VM_AFTER_OFFER;
    }
    if (!lapic->nmi) {
        return;
    }
    if ((vm->state->inject & INJECT_VALID) == 0) {
        lapic->nmi = false;
        vm_inject(vm, INJECT_TYPE_NMI, VECTOR_NMI, false, 0);
    } else {
        vm->attention = true; /* after the exception that goes first */
    }
}

static void check_requests(struct vm *vm)
{
    switch (vm->platform.pm.request) {
    case PM_REQUEST_NONE:
        break;
    case PM_REQUEST_POWER_OFF:
        vm_end(vm, GUEST_POWER_OFF, 0);
        return;
    case PM_REQUEST_RESET:
        vm_end(vm, GUEST_RESET, 0);
        return;
    }
    if (vm->platform.debugexit.written) {
        vm_end(vm, GUEST_DEBUG_EXIT, vm->platform.debugexit.value);
    }
}

static void plan_deadline(struct vm *vm, uint64_t now_ns, bool console_waits)
{
    uint64_t ns = min_u64(platform_deadline(&vm->platform), vm->console.flush_ns);
    if (ns < now_ns + PERIOD_MIN_NS) {
        ns = now_ns + PERIOD_MIN_NS;
    }
    if (console_waits) {
        ns = min_u64(ns, now_ns + CONSOLE_RETRY_NS);
    }
    vm->other_deadline = timebase_tsc(&vm->timebase, ns);
    if (vm->look_at != 0) {
        vm->other_deadline = min_u64(vm->other_deadline, vm->look_at);
    }
    if (vm->tell_at != 0) {
        vm->other_deadline = min_u64(vm->other_deadline, vm->tell_at);
    }
    vm_plan_tsc_deadline(vm);
}

void vm_plan_tsc_deadline(struct vm *vm)
{
    vm->deadline = vm->other_deadline;
    uint64_t armed = vm->platform.lapic.tsc_deadline;
    if (armed != 0) {
        /* A guest's deadline beyond the end of time is none. */
        uint64_t at = armed - vm->tsc_offset;
        vm->deadline = min_u64(vm->deadline, at != 0 ? at : 1);
    }
}

/* Wall time since start, less the time halted, less what the scheduler gave us: time stolen. */
static void update_steal(struct vm *vm, uint64_t now_ns)
{
    uint64_t consumed, remaining, debt;
    if (now_ns - vm->steal_ns < STEAL_EVERY_NS || vm->sched_slot == 0 || (vm->kvmclock.steal_msr & 1u) == 0 ||
        sched_info(vm->sched_slot, &consumed, &remaining, &debt) != OK) {
        return;
    }
    vm->steal_ns = now_ns;
    uint64_t ran = timebase_ns(&vm->timebase, vm->timebase.start + (consumed - vm->consumed_at_start));
    uint64_t wanted = now_ns - min_u64(now_ns, vm->idle_ns);
    kvmclock_update_steal(&vm->kvmclock, &vm->memory, wanted - min_u64(wanted, ran));
}

/* The wait lets mgmt empty the ring; whatever else wakes us is seen by the next service. */
void vm_wait_console(struct vm *vm)
{
    uint32_t bits;
    uint64_t deadline = timebase_tsc(&vm->timebase, vm_now_ns(vm) + CONSOLE_RETRY_NS);
    enum error error = notif_wait(vm->bell_slot, deadline, &bits);
    (void)error; /* a timeout is as good as a bell */
}

static bool pump_console(struct vm *vm)
{
    bool waits = console_pump(&vm->console, &vm->platform, vm_now_ns(vm));
    for (uint32_t i = 0; waits && i < CONSOLE_WAITS; i++) {
        vm_wait_console(vm);
        waits = console_pump(&vm->console, &vm->platform, vm_now_ns(vm));
    }
    return waits;
}

void vm_service(struct vm *vm)
{
    vm_settle_delivery(vm);
    bool console_waits = pump_console(vm), more = false;
    if (vm->look_at != 0 && vm_now() >= vm->look_at) {
        vm->look_at = 0;
        more = bus_look(&vm->platform.bus);
    }
    if (vm->tell_at != 0 && vm_now() >= vm->tell_at) {
        bus_tell(&vm->platform.bus);
    }
    do {
        more = bus_work(&vm->platform.bus) || more;
    } while (!vm_settle_channels(vm));
    vm->attention = more;
    check_requests(vm);
    uint64_t now = vm_now(), now_ns = timebase_ns(&vm->timebase, now);
    platform_expire(&vm->platform, now_ns, now + vm->tsc_offset);
    offer_interrupt(vm);
    if (vm->offered != OFFERED_NONE) {
        update_steal(vm, now_ns);
    }
    plan_deadline(vm, now_ns, console_waits);
}

static bool wakes(const struct vm *vm)
{
    return vm->offered != OFFERED_NONE || (vm->state->inject & INJECT_VALID) != 0;
}

/* HLT: nothing runs until an interrupt can be delivered. */
void vm_halt(struct vm *vm)
{
    bool enabled = (vm->state->rflags & RFLAGS_IF) != 0;
    if (vm->look_at != 0) {
        vm->look_at = 1; /* nothing more comes now */
    }
    vm_service(vm);
    while (vm->ended == GUEST_RUNS && !wakes(vm)) {
        uint32_t bits;
        if (!enabled) {
            vm_die(vm, DEATH_HALTED, "halted with interrupts off");
            return;
        }
        console_flush(&vm->console);
        uint64_t from = vm_now_ns(vm);
        enum error error = notif_wait(vm->bell_slot, vm->deadline, &bits);
        if (error != OK && error != ERR_TIMEOUT && error != ERR_CANCELED) {
            vm_die(vm, DEATH_VMM_CHECK, "the bell cannot be waited for");
            return;
        }
        vm->idle_ns += vm_now_ns(vm) - from;
        vm_service(vm);
    }
    if (vm->ended == GUEST_RUNS && !enabled && (vm->state->inject & INJECT_VALID) == 0) {
        vm_die(vm, DEATH_HALTED, "halted with interrupts off");
    }
}
