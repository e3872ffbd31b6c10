/* A word of signal bits: the only thing that crosses processors. */
#pragma once

#include "obj/thread.h"

struct notif {
    uint64_t bits;
    struct thread_queue queue; /* threads in notif_wait */
    struct thread *bound;      /* the thread that it is bound to, or NULL */
};
_Static_assert(sizeof(struct notif) <= 256, "docs/architecture.md 2");

/* Set bits and wake who waits for them. */
void notif_signal(struct cpu *cpu, struct notif *notif, uint64_t bits);
/* Wait for a bit; the thread's rbx receives them. */
void notif_wait(struct cpu *cpu, struct notif *notif, struct thread *thread, uint64_t deadline);
/* From entry.S: signal the one thread that waits, of higher priority than the running one, and switch to it; wait where nothing is signalled
 * and switch to whom this lets run. False, with nothing changed but the charge, if it is not that simple. */
bool notif_hand_over(struct cpu *cpu, struct notif *notif, uint64_t bits);
bool notif_give_way(struct cpu *cpu, struct notif *notif, uint64_t deadline);
void notif_retire(struct cpu *cpu, struct notif *notif);
