/* The guest: its memory, and the legal state of each mode from which a value departs. */
#ifndef GUEST_H
#define GUEST_H

#include "guest_layout.h"
#include "hostile.h"

enum mode { MODE_LONG, MODE_PROTECTED, MODE_REAL, MODE_HYPERCALL, MODES };
enum { GROUPS_ALL = 0x1ff };

struct guest {
    volatile struct vcpu_state *page;
    uint8_t *memory; /* GUEST_PAGES, as this domain sees them */
    uint32_t vcpu, endpoint;
};
void guest_open(struct lab *lab, struct guest *guest);
/* A legal state of @mode, complete, with every group dirty. */
void guest_state(struct vcpu_state *state, enum mode mode, uint64_t xcr0);
void guest_write(const struct guest *guest, const struct vcpu_state *state);
/* What the guest can write of its memory, stack apart, as it was: its page tables. The rest it cannot. */
void guest_restore(const struct guest *guest);
/* Whose processor this is. */
bool on_amd(void);
/* The number of the stub at @rip, or 256. */
uint32_t guest_stub_at(uint64_t rip);

#endif
