/* hw/timer.c over a faked APIC timer. */
#include "hw/apic.h"
#include "hw/timer.h"
#include "unit.h"

static uint64_t programmed;
static unsigned programmings;
static bool stopped;

void apic_timer_arm(uint64_t tsc_deadline)
{
    programmed = tsc_deadline;
    programmings++;
}

bool apic_timer_stopped(void)
{
    return stopped;
}

static struct cpu *fresh(void)
{
    static struct cpu cpu;
    memset(&cpu, 0, sizeof cpu);
    cpu.timer_set = NEVER;
    programmed = programmings = 0;
    stopped = false;
    return &cpu;
}

static void test_timer__expires_soonest_first_and_not_before(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0}, b = {0}, c = {0};
    timer_arm(cpu, &a, 30);
    timer_arm(cpu, &b, 10);
    timer_arm(cpu, &c, 20);
    CHECK(!timer_expire(cpu, 9));
    CHECK(timer_expire(cpu, 25) == &b);
    CHECK(timer_expire(cpu, 25) == &c);
    CHECK(!timer_expire(cpu, 25));
    CHECK_EQ(programmed, 30);
    CHECK(timer_expire(cpu, 30) == &a);
    CHECK(!cpu->timers && !a.link && !b.link && !c.link);
}

static void test_timer__equal_deadlines_keep_their_order(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0}, b = {0};
    timer_arm(cpu, &a, 10);
    timer_arm(cpu, &b, 10);
    CHECK(timer_expire(cpu, 10) == &a);
    CHECK(timer_expire(cpu, 10) == &b);
}

static void test_timer__arming_again_moves(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0}, b = {0};
    timer_arm(cpu, &a, 10);
    timer_arm(cpu, &b, 20);
    timer_arm(cpu, &a, 30);
    CHECK(cpu->timers == &b && b.next == &a && !a.next);
    timer_arm(cpu, &a, 5);
    CHECK(cpu->timers == &a && a.next == &b && b.link == &a.next);
}

static void test_timer__disarm_anywhere_in_the_list(void)
{
    struct cpu *cpu = fresh();
    struct timer t[4] = {{0}};
    for (uint64_t i = 0; i < 4; i++)
        timer_arm(cpu, &t[i], 10 + i);
    timer_disarm(cpu, &t[1]);
    timer_disarm(cpu, &t[0]);
    timer_disarm(cpu, &t[3]);
    timer_disarm(cpu, &t[3]);
    CHECK(cpu->timers == &t[2] && !t[2].next && t[2].link == &cpu->timers);
}

static void test_timer__never_is_not_armed(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0};
    timer_arm(cpu, &a, 10);
    timer_arm(cpu, &a, NEVER);
    CHECK(!a.link && !cpu->timers);
}

static void test_timer__hardware_is_programmed_only_for_an_earlier_deadline(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0}, b = {0}, c = {0};
    timer_arm(cpu, &a, 20);
    timer_arm(cpu, &b, 30);
    CHECK_EQ(programmings, 1);
    timer_arm(cpu, &c, 10);
    CHECK_EQ(programmings, 2);
    timer_disarm(cpu, &c);
    timer_arm(cpu, &c, 15);
    CHECK_EQ(programmings, 2);
    CHECK_EQ(programmed, 10);
}

/* After the early shot nothing is due, and the next deadline must not be lost. */
static void test_timer__early_hardware_is_programmed_again(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0};
    timer_arm(cpu, &a, 1000);
    stopped = true;
    CHECK(!timer_expire(cpu, 990));
    CHECK_EQ(programmings, 2);
    CHECK_EQ(programmed, 1000);
}

/* A budget's end is programmed without a list entry. */
static void test_timer__expire_keeps_an_earlier_programmed_moment(void)
{
    struct cpu *cpu = fresh();
    struct timer a = {0};
    timer_program(cpu, 50);
    timer_arm(cpu, &a, 100);
    CHECK(!timer_expire(cpu, 10));
    CHECK_EQ(programmings, 1);
    CHECK_EQ(cpu->timer_set, 50);
}

int main(void)
{
    RUN(test_timer__expires_soonest_first_and_not_before);
    RUN(test_timer__equal_deadlines_keep_their_order);
    RUN(test_timer__arming_again_moves);
    RUN(test_timer__disarm_anywhere_in_the_list);
    RUN(test_timer__never_is_not_armed);
    RUN(test_timer__hardware_is_programmed_only_for_an_earlier_deadline);
    RUN(test_timer__early_hardware_is_programmed_again);
    RUN(test_timer__expire_keeps_an_earlier_programmed_moment);
    return UNIT_RESULT();
}
