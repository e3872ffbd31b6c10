/* Deadlines: a list per processor, soonest first, at most THREADS_MAX + SCHEDS_MAX long, over the one-shot APIC timer. */
#pragma once

#include "hw/cpu.h"

struct timer {
    uint64_t when; /* absolute TSC; NEVER while it is not armed */
    struct timer *next;
    struct timer **link; /* what points at this one; NULL = not armed */
    uint64_t kind;       /* enum timer_kind: in what it is embedded */
};

enum timer_kind { TIMER_THREAD, TIMER_SCHED };

#define NEVER UINT64_MAX

/* Arm, or move, @timer to @when; programs the hardware if it became the soonest. */
void timer_arm(struct cpu *cpu, struct timer *timer, uint64_t when);
void timer_disarm(struct cpu *cpu, struct timer *timer);
/* Remove and return the soonest timer that is due at @now, or NULL. */
struct timer *timer_expire(struct cpu *cpu, uint64_t now);
/* See that the hardware fires no later than @when. */
void timer_program(struct cpu *cpu, uint64_t when);
