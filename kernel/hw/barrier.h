/* What a change of compartment and a guest entry must do against speculation. */
#pragma once

#include "base/types.h"

/* Which barriers this processor has (BARRIER_IBPB and so on: barrier_run.S); set once at boot. */
enum { BARRIER_IBPB = 1, BARRIER_RETURNS = 2, BARRIER_VERW = 4 };
extern uint8_t barriers;

/* Read CPUID and ARCH_CAPABILITIES; one loud line for each barrier that the part lacks. Panics on a part that barrier_leaks.
 * [SDM-2023-09] Vol 4 table 2-2, [APM2] 3.2.9. */
void barrier_init(void);
/* Whether user mode can read what is mapped for the kernel alone, so that secrets had to be unmapped: @vendor is ECX of CPUID 0, @signature
 * EAX of CPUID 1, @capabilities ARCH_CAPABILITIES, or NULL where that is absent. Who is safe from this is so from L1TF, too ([SDM-2023-09]
 * Vol 4 table 2-2, RDCL_NO; [INTEL-AFFECTED]): no part that starts needs its L1D flushed before it enters a guest. */
bool barrier_leaks(uint32_t vendor, uint32_t signature, const uint64_t *capabilities);
/* Indirect-branch predictor, return stack and fill buffers carry nothing over to the next compartment. Of the registers it uses rax, rcx and
 * rdx alone. */
void barrier_run(void);
