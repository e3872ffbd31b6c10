/* The local APIC (xAPIC page) and the clock that drives deadlines. */
#pragma once

#include "hw/cpu.h"

/* Map the page, measure TSC and timer frequencies, once, and do apic_init_cpu; PICs are masked off. Panics without a clock. */
void apic_init(struct cpu *cpu);
/* Software-enable this processor's APIC, timer unmasked and stopped; fills cpu->apic_id. */
void apic_init_cpu(struct cpu *cpu);
void apic_eoi(void);
/* Fire VECTOR_TIMER at @tsc_deadline or up to a tick later; earlier if it is beyond the counter's range. */
void apic_timer_arm(uint64_t tsc_deadline);
/* The timer has fired, or was never armed. */
bool apic_timer_stopped(void);
uint64_t clock_tsc_khz(void);
