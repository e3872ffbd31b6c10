/* What a change of compartment and a guest entry must do against speculation. */
#pragma once

#include "base/types.h"

/* Whether this processor has a barrier; set once at boot. */
extern bool barriers_any;

/* Read CPUID and ARCH_CAPABILITIES; one loud line for each barrier that the part lacks.
 * [SDM-2023-09] Vol 4 table 2-2, [APM2] 3.2.9. */
void barrier_init(void);
/* Indirect-branch predictor, return stack and fill buffers carry nothing over to the next compartment. */
void barrier_run(void);

static inline void barrier_compartment(void)
{
    if (UNLIKELY(barriers_any)) barrier_run();
}
