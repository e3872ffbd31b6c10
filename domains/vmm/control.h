/* MOV to CR0 and CR4 where a processor leaves them to the VMM: pure, so that it runs on the host too.
 * [SDM-2023-09] Vol 2B MOV (control registers), Vol 3A 2.5 and 4.1. */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include "cpuid.h"
#include "memory.h"

/* The registers that say how the guest's addresses are translated; @code_64: CS.L of code in long mode. */
struct control {
    uint64_t cr0, cr3, cr4, efer;
    uint64_t pdpte[4];
    bool code_64;
};

/* Bits of CR4 that @policy offers. */
uint64_t control_cr4_offered(const struct cpuid_policy *policy);
/* The write, whole: false = #GP, and nothing has changed. LMA follows paging; with PAE paging the four PDPTEs are read anew. */
bool control_write_cr0(struct control *control, struct memory *memory, uint64_t value);
bool control_write_cr4(struct control *control, struct memory *memory, uint64_t offered, uint64_t value);

#endif
