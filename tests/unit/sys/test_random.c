/* Random system calls, interrupts, faults and time over a small world; what must always hold is checked after each. */
#include "drive.h"
#include "unit.h"
#include "world.h"

#include <stdlib.h>

static uint64_t state;

/* xorshift64*: [Vigna 2016], enough for a walk that can be repeated. */
static uint64_t next(void *context)
{
    (void)context;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 2685821657736338717ull) >> 16;
}

static uint64_t seeds = 60, steps = 2500, first = 1;

static void test_random__every_relation_holds_after_every_call(void)
{
    const struct drive_source source = {next, NULL};

    for (uint64_t seed = first; seed < first + seeds; seed++) {
        state = seed * 0x9e3779b97f4a7c15ull;
        drive_begin();
        for (uint64_t step = 0; step < steps; step++) {
            fake_seed = seed;
            fake_step = step;
            if (drive_step(&source) == 0)
                continue;
            printf("seed %llu, step %llu\n", (unsigned long long)seed, (unsigned long long)step);
            CHECK(step == steps);
            return;
        }
    }
}

/* A walk that reaches nothing would show nothing. */
static void test_random__most_answers_are_reached(void)
{
    uint32_t reached = 0;

    for (uint32_t error = 0; error < 27; error++)
        reached += drive_answers[error] != 0;
    CHECK(reached >= 18);
    CHECK(drive_answers[OK] * 4 > seeds * steps / 4);
}

/* test_random [SEEDS [STEPS [FIRST [verbose]]]] */
int main(int argc, char **argv)
{
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        steps = strtoull(argv[2], NULL, 0);
    if (argc > 3)
        first = strtoull(argv[3], NULL, 0);
    drive_verbose = argc > 4;
    world_reset();
    RUN(test_random__every_relation_holds_after_every_call);
    if (unit_failed_tests == 0)
        RUN(test_random__most_answers_are_reached);
    for (uint32_t error = 0; error < 27; error++)
        printf("%s%u: %llu", error ? ", " : "answers ", error, (unsigned long long)drive_answers[error]);
    printf("; %llu worlds\n", (unsigned long long)drive_worlds);
    world_reset();
    return UNIT_RESULT();
}
