#include "obj/vcpu.h"

#include "base/panic.h"
#include "hw/memory.h"
#include "hw/x86.h"
#include "obj/endpoint.h"
#include "obj/notif.h"

enum { GPR_RAX = 0, GPR_RSI = 6, GPR_RDI = 7 };
/* Words 0-9 by index into vcpu_state.gpr: rbx rbp r12 r13 r14 r15 rdx r8 r9 r10. */
static const uint8_t gpr_of_word[MESSAGE_WORDS] = {3, 5, 12, 13, 14, 15, 2, 8, 9, 10};

/* The page may change at any moment: each word is read once, into a register. */
static uint32_t read_once32(const uint32_t *word) { return *(const volatile uint32_t *)word; }
static uint64_t read_once64(const uint64_t *word) { return *(const volatile uint64_t *)word; }

void vcpu_init(struct vcpu *vcpu)
{
    uint8_t *pages = (uint8_t *)vcpu;

    vcpu->hvm.control = pages + PAGE_BYTES;
    vcpu->hvm.control_pa = ptr_to_phys(vcpu->hvm.control);
    vcpu->hvm.state = (struct vcpu_state *)(void *)(pages + VCPU_STATE_OFFSET);
    fpu_init(&vcpu->hvm.fpu);
    hvm_init(&vcpu->hvm);
}

void vcpu_lost(struct cpu *cpu, struct slot *slot)
{
    struct vcpu *vcpu =
        (struct vcpu *)(void *)((uint8_t *)(slot - (slot->cap.space_index - PLACE_VCPU_SPACE)) - offsetof(struct vcpu, hidden));

    if (slot->cap.space_index == PLACE_VCPU_CAPTAB) {
        vcpu->captab = NULL;
        return;
    }
    vcpu->space = NULL;
    if (vcpu->thread) thread_stop(cpu, vcpu->thread, THREAD_STATE_STOPPED);
}

void vcpu_retire(struct cpu *cpu, struct vcpu *vcpu)
{
    if (vcpu->thread) thread_stop(cpu, vcpu->thread, THREAD_STATE_STOPPED);
    for (uint32_t i = 0; i < 2; i++)
        if (vcpu->hidden[i].cap.type != OBJECT_TYPE_NONE) cap_forget(cpu, &vcpu->hidden[i]);
    hvm_retire(cpu, &vcpu->hvm);
}

void vcpu_enter(struct vcpu *vcpu, struct thread *thread, uint64_t deadline)
{
    vcpu->thread = thread;
    vcpu->run_deadline = deadline;
    thread->vcpu = vcpu;
    thread->resume = RESUME_SYSCALL;
    thread->state = THREAD_STATE_IN_GUEST;
}

void vcpu_run(struct cpu *cpu, struct vcpu *vcpu, struct thread *thread, uint64_t deadline)
{
    enum error error = hvm_apply(&vcpu->hvm, read_once32(&vcpu->hvm.state->dirty));

    thread->regs.rax = error;
    if (error) return;
    vcpu_enter(vcpu, thread, deadline);
    thread_arm(cpu, thread, deadline);
}

void vcpu_return(struct thread *thread, enum run_reason reason, uint64_t bits)
{
    thread->vcpu->thread = NULL;
    thread->vcpu = NULL;
    thread->state = THREAD_STATE_READY;
    thread->resume = RESUME_SYSCALL;
    thread->regs.rax = OK;
    thread->regs.rbx = reason;
    thread->regs.rbp = bits;
}

void vcpu_answer(struct vcpu *vcpu, enum error status, uint64_t label, const struct registers *words)
{
    uint64_t *gpr = vcpu->hvm.state->gpr;

    gpr[GPR_RAX] = status;
    gpr[GPR_RDI] = 0;
    gpr[GPR_RSI] = label;
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++) gpr[gpr_of_word[i]] = i < label_length(label) ? words->word[i] : 0;
}

/* The smaller of the guest's deadline, in its own time, and the VMM's limit. */
static uint64_t call_deadline(const struct vcpu *vcpu, uint64_t guest)
{
    uint64_t limit = read_once64(&vcpu->hvm.state->call_limit), host = guest, now;

    if (guest != 0 && guest != NEVER) host = guest - vcpu->hvm.tsc_offset;
    if (host > vcpu->run_deadline) host = vcpu->run_deadline;
    if (limit == 0) return host;
    now = rdtsc();
    limit = limit < NEVER - now ? now + limit : NEVER - 1;
    return host < limit ? host : limit;
}

/* A guest's hypercall: its table, and nothing of the VMM, says what it may reach. */
static enum error hypercall(struct cpu *cpu, struct vcpu *vcpu, struct thread *thread)
{
    const volatile uint64_t *gpr = vcpu->hvm.state->gpr;
    uint64_t number = gpr[GPR_RAX] & ~HYPERCALL_BIT, label = gpr[GPR_RSI], deadline = gpr[GPR_RDI];
    struct slot *slot;
    enum error error;

    if (!vcpu->captab) return ERR_SLOT;
    slot = captab_slot(vcpu->captab, number);
    if (!slot || slot->cap.type == OBJECT_TYPE_NONE) return ERR_SLOT;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(slot)) return ERR_RETIRED;
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++) thread->regs.word[i] = gpr[gpr_of_word[i]];
    if (slot->cap.type == OBJECT_TYPE_NOTIF) {
        if (!(slot->cap.rights & RIGHT_SIGNAL)) return ERR_RIGHTS;
        if (thread->regs.rbx & ~(uint64_t)slot->cap.mask) return ERR_METHOD;
        message_copy(&thread->regs, &thread->regs, 1);
        notif_signal(cpu, cap_object(slot), thread->regs.rbx);
        return OK;
    }
    if (slot->cap.type != OBJECT_TYPE_ENDPOINT) return ERR_TYPE;
    if (!(slot->cap.rights & RIGHT_CALL)) return ERR_RIGHTS;
    error = endpoint_check_label(&slot->cap, label);
    if (error) return error;
    return endpoint_call(
        cpu, cap_object(slot), thread, slot->cap.badge, label, call_deadline(vcpu, deadline), THREAD_STATE_HYPERCALL);
}

/* Leave to the VMM at once where it has been signalled or does not want to wait. */
static bool must_return(struct thread *thread)
{
    struct notif *bound = thread->bound;

    if (bound && bound->bits) {
        vcpu_return(thread, RUN_REASON_NOTIFICATION, bound->bits);
        bound->bits = 0;
        return true;
    }
    if (thread->vcpu->run_deadline != 0) return false; /* one that is over fires at entry */
    vcpu_return(thread, RUN_REASON_DEADLINE, 0);
    return true;
}

void vcpu_expire(struct cpu *cpu, struct thread *thread, uint64_t now)
{
    if (thread->state == THREAD_STATE_HYPERCALL)
        thread_wake(cpu, thread, now >= thread->vcpu->run_deadline ? ERR_CANCELED : ERR_TIMEOUT);
    if (now >= thread->vcpu->run_deadline) vcpu_return(thread, RUN_REASON_DEADLINE, 0);
    else thread_arm(cpu, thread, thread->vcpu->run_deadline);
}

/* One exit; true if the guest is to be entered again at once. */
static bool handle_exit(struct cpu *cpu, struct vcpu *vcpu, struct thread *thread, enum hvm_exit exit)
{
    enum error error;

    switch (exit) {
    case HVM_EXIT_HANDLED: break;
    case HVM_EXIT_VMM: vcpu_return(thread, RUN_REASON_EXIT, 0); return false;
    case HVM_EXIT_REFUSED: vcpu_answer(vcpu, ERR_MODE, 0, &thread->regs); break;
    case HVM_EXIT_CANCELED: vcpu_answer(vcpu, ERR_CANCELED, 0, &thread->regs); break;
    case HVM_EXIT_HYPERCALL:
        error = hypercall(cpu, vcpu, thread);
        if (thread->state != THREAD_STATE_HYPERCALL)
            vcpu_answer(vcpu, error, 0, &thread->regs); /* also where its own signal ended the run */
        break;
    case HVM_EXIT_INTERRUPT: interrupt_window(); break;
    }
    return thread->state == THREAD_STATE_IN_GUEST && !cpu->reschedule;
}

void vcpu_continue(struct cpu *cpu, struct thread *thread, enum hvm_exit exit)
{
    struct vcpu *vcpu = thread->vcpu;

    while (handle_exit(cpu, vcpu, thread, exit)) exit = hvm_run(cpu, &vcpu->hvm, vcpu->space->generation);
}

void vcpu_loop(struct cpu *cpu, struct thread *thread)
{
    struct vcpu *vcpu = thread->vcpu;

    if (!must_return(thread)) vcpu_continue(cpu, thread, hvm_run(cpu, &vcpu->hvm, vcpu->space->generation));
}
