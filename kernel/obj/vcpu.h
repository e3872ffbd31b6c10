/* Virtual processors: a thread runs one with one call. */
#pragma once

#include "hw/hvm.h"
#include "obj/thread.h"

/* Four pages: this, the vendor's control page, the page shared with the VMM, the vendor's second. */
struct vcpu {
    struct hvm hvm;
    struct thread *thread; /* runs it now, or NULL */
    struct space *space;   /* guest-physical memory */
    struct captab *captab; /* what the guest may call; NULL = nothing */
    uint64_t run_deadline; /* the VMM's, while a hypercall has one of its own */
    struct slot hidden[2];
};
_Static_assert(sizeof(struct vcpu) <= 4096, "first of the vCPU's pages");

enum { VCPU_BYTES = 4 * 4096, VCPU_STATE_OFFSET = 2 * 4096 };

void vcpu_init(struct vcpu *vcpu);
void vcpu_retire(struct cpu *cpu, struct vcpu *vcpu);
void vcpu_lost(struct cpu *cpu, struct slot *slot);
/* From here on @thread is in the guest. */
void vcpu_enter(struct vcpu *vcpu, struct thread *thread, uint64_t deadline);
void vcpu_run(struct cpu *cpu, struct vcpu *vcpu, struct thread *thread, uint64_t deadline);
/* The thread's timer fired while it was in the guest or in a hypercall. */
void vcpu_expire(struct cpu *cpu, struct thread *thread, uint64_t now);
/* Enter, or enter again, until the thread has something to return to its VMM or the processor something else to do. */
void vcpu_loop(struct cpu *cpu, struct thread *thread);
/* The same, beginning with what @exit was. */
void vcpu_continue(struct cpu *cpu, struct thread *thread, enum hvm_exit exit);
/* The run ends: words 0 and 1 of the answer. */
void vcpu_return(struct thread *thread, enum run_reason reason, uint64_t bits);
/* A hypercall is answered: status, badge, label in the guest's registers; words were copied. */
void vcpu_answer(struct vcpu *vcpu, enum error status, uint64_t label, const struct registers *words);
