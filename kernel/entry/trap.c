#include "base/panic.h"
#include "entry/entry.h"
#include "hw/apic.h"
#include "hw/x86.h"
#include "sys/sys.h"

/* No more timers than this at one interrupt: the hardware fires again for the rest. */
enum { EXPIRE_MAX = 32 };

static void thread_expire(struct cpu *cpu, struct thread *thread, uint64_t now)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_STATE_IN_GUEST: vcpu_expire(cpu, thread, now); return;
    case THREAD_STATE_HYPERCALL:
    case THREAD_STATE_CALLING:
    case THREAD_STATE_WAITING:
    case THREAD_STATE_NOTIF_WAITING:
        if (now < thread->deadline) thread_arm(cpu, thread, thread->deadline);
        else if (thread->state == THREAD_STATE_HYPERCALL) vcpu_expire(cpu, thread, now);
        else thread_wake(cpu, thread, ERR_TIMEOUT);
        return;
    case THREAD_STATE_INACTIVE:
    case THREAD_STATE_READY:
    case THREAD_STATE_FAULTED:
    case THREAD_STATE_STOPPED: return; /* left over from a wait that has ended */
    }
}

static void timers_run(struct cpu *cpu)
{
    const uint64_t now = rdtsc();
    struct timer *timer;

    sched_charge(cpu, now);
    for (uint32_t i = 0; i < EXPIRE_MAX && (timer = timer_expire(cpu, now)) != NULL; i++) {
        if (timer->kind == TIMER_SCHED)
            sched_replenish(cpu, (struct sched *)((uint8_t *)timer - offsetof(struct sched, timer)), now);
        else thread_expire(cpu, (struct thread *)(void *)((uint8_t *)timer - offsetof(struct thread, timer)), now);
    }
    cpu->reschedule = true;
}

static void interrupt(struct cpu *cpu, uint64_t vector)
{
    if (vector == VECTOR_TIMER) timers_run(cpu);
    else if (vector == VECTOR_IOMMU) iospace_faults(cpu);
    else irq_fire(cpu, (uint32_t)vector - VECTOR_GSI); /* nothing, if it is no input's */
    if (vector != VECTOR_SPURIOUS) apic_eoi();
}

/* The thread stops with a message to its fault endpoint. */
static void thread_fault(struct cpu *cpu, struct thread *thread, uint64_t vector)
{
    const struct slot *slot = &thread->hidden[PLACE_FAULT];

    trace(cpu, TRACE_FAULT, (uint32_t)vector, thread->regs.rip);
    thread->fault_vector = vector;
    thread->fault_code = thread->regs.error;
    thread->fault_address = vector == VECTOR_PF ? read_cr2() : 0;
    if (slot->cap.type == OBJECT_TYPE_ENDPOINT && !(cap_retiring && cap_under_retirement(slot)) &&
        endpoint_call(cpu, cap_object(slot), thread, slot->cap.badge, label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6), NEVER,
            THREAD_STATE_FAULTED) == OK)
        return;
    thread_stop(cpu, thread, THREAD_STATE_STOPPED);
}

NORETURN void entry_trap(struct cpu *cpu)
{
    struct thread *thread = cpu->current;

    thread->resume = RESUME_IRET;
    if (thread->regs.vector < VECTOR_GSI) thread_fault(cpu, thread, thread->regs.vector);
    else interrupt(cpu, thread->regs.vector);
    entry_leave(cpu);
}

void entry_trap_kernel(struct cpu *cpu, struct registers *regs)
{
    if (regs->vector < VECTOR_GSI) {
        trace(cpu, TRACE_FAULT, (uint32_t)regs->vector, regs->rip);
        trace(cpu, TRACE_FAULT, (uint32_t)regs->error, read_cr2());
        panic("exception in the kernel");
    }
    interrupt(cpu, regs->vector);
}

bool entry_trap_ist(struct cpu *cpu, struct registers *regs)
{
    trace(cpu, TRACE_FAULT, (uint32_t)regs->vector, regs->rip);
    switch (regs->vector) {
    case VECTOR_NMI: return false;
    case VECTOR_DB:
        /* In the kernel only by MOV SS and breakpoints that domains cannot set: [SDM-2023-09] Vol 3A 6.8.3. */
        if ((regs->cs & 3) == 0 || !cpu->current) return false;
        cpu->current->regs = *regs;
        return true;
    default: panic(regs->vector == VECTOR_MC ? "machine check" : "double fault");
    }
}

/* The thread that should run now; waits for one. */
static struct thread *reschedule(struct cpu *cpu)
{
    for (;;) {
        const uint64_t now = rdtsc();

        sched_charge(cpu, now);
        struct sched *const sched = sched_pick(cpu, now);
        if (sched) {
            if (sched->holder != cpu->current) thread_switch(cpu, sched->holder);
            return sched->holder;
        }
        cpu->current = NULL;
        cpu_idle();
    }
}

NORETURN void entry_leave(struct cpu *cpu)
{
    struct thread *thread = cpu->current;

    for (;;) {
        if (UNLIKELY(cpu->reschedule || !thread)) thread = reschedule(cpu);
        if (thread->state != THREAD_STATE_IN_GUEST) break;
        vcpu_loop(cpu, thread);
    }
    if (thread->resume == RESUME_SYSCALL) leave_syscall(&thread->regs);
    leave_interrupt(&thread->regs);
}

NORETURN void entry_guest_left(struct vcpu *vcpu, enum hvm_exit exit)
{
    struct cpu *cpu = cpu_self();

    vcpu_continue(cpu, vcpu->thread, exit);
    entry_leave(cpu);
}

void entry_call(struct cpu *cpu)
{
    if (!sys_call(cpu)) entry_leave(cpu);
}
