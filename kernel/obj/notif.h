/* A word of signal bits: the only thing that crosses processors. */
#ifndef OBJ_NOTIF_H
#define OBJ_NOTIF_H

#include "obj/thread.h"

struct notif {
    uint64_t bits;
    struct thread *head, *tail; /* threads in notif_wait */
    struct thread *bound;       /* the thread that it is bound to, or NULL */
};
_Static_assert(sizeof(struct notif) <= 256, "docs/architecture.md 2");

/* Set bits and wake who waits for them. */
void notif_signal(struct cpu *cpu, struct notif *notif, uint64_t bits);
/* Wait for a bit; the thread's rbx receives them. */
void notif_wait(struct cpu *cpu, struct notif *notif, struct thread *thread, uint64_t deadline);
void notif_forget(struct notif *notif, struct thread *thread);
void notif_retire(struct cpu *cpu, struct notif *notif);

#endif
