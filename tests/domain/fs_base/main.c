/* The FS base of a thread is its own: threads with different bases, and one that loads selectors to spoil what the others have, even one whose
 * base is the same number. */
#include "hostile.h"

enum { ROUNDS = 1000000, VICTIMS = 3 };

void code_fs(void);

static uint32_t start(struct lab *lab, struct worker *worker, uint64_t rounds, uint64_t fs, uint64_t expected,
                      bool spoil, uint32_t fault, uint32_t compartment)
{
    const struct worker_options options = {.priority = PRIORITY_HIGH,
                                           .budget_us = 100,
                                           .period_us = 1000,
                                           .fault = fault,
                                           .compartment = compartment};

    worker->argument[0] = rounds;
    worker->argument[1] = expected;
    worker->argument[2] = spoil;
    worker->thread = worker_thread_for(lab, (uint64_t)code_fs, 0, (uint64_t)worker, options, &worker->sched);
    EXPECT(thread_write(worker->thread, REGISTER_GROUP_CONTROL, (uint64_t)code_fs, 0, 0, fs, 0, 0, 0, 0), OK);
    return worker->thread;
}

void test(struct lab *lab)
{
    static struct worker victim[VICTIMS], spoiler[2];
    uint64_t r[8];

    for (uint32_t compartments = 0; compartments < 2; compartments++) {
        const uint32_t first = lab->next;
        uint32_t fault[VICTIMS + 2];
        void *page[2];

        for (uint32_t i = 0; i < 2; i++)
            (void)lab_page(lab, &page[i]);
        *(uint64_t *)page[0] = 0xaaaa, *(uint64_t *)page[1] = 0xbbbb;
        for (uint32_t i = 0; i < VICTIMS + 2; i++)
            fault[i] = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
        /* Two have the same base as a spoiler, one another; the second spoiler has none. */
        /* Periods begin in the order of admission, so a victim comes directly after the spoiler with its own base. */
        (void)start(lab, &spoiler[1], ROUNDS, 0, 0, true, fault[4], compartments ? 61 : 50);
        (void)start(lab, &spoiler[0], ROUNDS, (uint64_t)page[0], 0, true, fault[3], compartments ? 60 : 50);
        for (uint32_t i = 0; i < VICTIMS; i++)
            (void)start(lab, &victim[i], ROUNDS, (uint64_t)page[i % 2], i % 2 ? 0xbbbb : 0xaaaa, false,
                        fault[i], compartments ? 50 + i : 50);
        for (uint32_t i = 2; i-- > 0;)
            EXPECT(thread_resume(spoiler[i].thread), OK);
        for (uint32_t i = 0; i < VICTIMS; i++)
            EXPECT(thread_resume(victim[i].thread), OK);
        for (uint32_t i = 0; i < VICTIMS; i++) {
            EXPECT_VALUE(FAULT(fault[i]).vector, VECTOR_UD);
            EXPECT(thread_read(victim[i].thread, REGISTER_GROUP_LOW, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5],
                               &r[6], &r[7]),
                   OK);
            EXPECT_VALUE(r[1], ROUNDS);
        }
        for (uint32_t slot = first; slot < lab->next; slot++)
            EXPECT(captab_delete(lab->captab, slot), OK);
        lab->next = first;
    }
}
