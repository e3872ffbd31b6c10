#include "hw/timer.h"
#include "hw/apic.h"

void timer_program(struct cpu *cpu, uint64_t when)
{
    if (when >= cpu->timer_set) return;
    cpu->timer_set = when;
    apic_timer_arm(when);
}

void timer_disarm(struct cpu *cpu, struct timer *timer)
{
    (void)cpu; /* the hardware may fire for it: timer_expire then finds nothing due */
    if (!timer->link) return;
    *timer->link = timer->next;
    if (timer->next) timer->next->link = timer->link;
    timer->next = NULL;
    timer->link = NULL;
    timer->when = NEVER;
}

void timer_arm(struct cpu *cpu, struct timer *timer, uint64_t when)
{
    timer_disarm(cpu, timer);
    if (when == NEVER) return;
    struct timer **link = &cpu->timers;
    while (*link && (*link)->when <= when) link = &(*link)->next;
    timer->when = when;
    timer->next = *link;
    timer->link = link;
    if (timer->next) timer->next->link = &timer->next;
    *link = timer;
    if (cpu->timers == timer) timer_program(cpu, when);
}

struct timer *timer_expire(struct cpu *cpu, uint64_t now)
{
    struct timer *timer = cpu->timers;
    if (timer && timer->when <= now) {
        timer_disarm(cpu, timer);
        return timer;
    }
    /* The hardware also stops before timer_set, where that was beyond its range or its clock runs fast. */
    if (cpu->timer_set <= now || apic_timer_stopped()) cpu->timer_set = NEVER;
    if (timer) timer_program(cpu, timer->when);
    return NULL;
}
