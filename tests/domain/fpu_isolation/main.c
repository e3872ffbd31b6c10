/* XMM registers, MXCSR and the x87 control word: each thread with FPU keeps its own, and none sees another compartment's, with FPU or without. */
#include "hostile.h"

enum { ROUNDS = 300000, HOLDERS = 3, LOOKERS = 2, SECRET = 0x5ec2e700 };

void code_sse(void);
void code_sse_look(void);

static void start(struct lab *lab, struct worker *worker, void (*code)(void), uint64_t value, uint32_t fault,
                  uint32_t compartment, uint8_t flags)
{
    void *page;
    const struct worker_options options = {.priority = PRIORITY_HIGH,
                                           .budget_us = 100,
                                           .period_us = 1000,
                                           .fault = fault,
                                           .compartment = compartment,
                                           .flags = flags};

    (void)lab_page(lab, &page);
    worker->argument[0] = ROUNDS;
    worker->argument[1] = value;
    worker->thread = worker_thread_for(lab, (uint64_t)code, (uint64_t)page + 4096, (uint64_t)worker, options,
                                       &worker->sched);
    EXPECT(thread_resume(worker->thread), OK);
}

static void check_counted(struct lab *lab, const struct worker *worker, uint32_t fault)
{
    uint64_t r[8];

    EXPECT_VALUE(FAULT(fault).vector, VECTOR_UD);
    EXPECT(thread_read(worker->thread, REGISTER_GROUP_LOW, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6],
                       &r[7]),
           OK);
    EXPECT_VALUE(r[1], ROUNDS);
}

void test(struct lab *lab)
{
    static struct worker holder[HOLDERS], looker[LOOKERS];
    uint32_t fault[HOLDERS + LOOKERS];

    for (uint32_t i = 0; i < HOLDERS + LOOKERS; i++)
        fault[i] = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    /* Two in one compartment, one in another; lookers in compartments of their own, with and without the right. */
    for (uint32_t i = 0; i < HOLDERS; i++)
        start(lab, &holder[i], code_sse, SECRET + i, fault[i], 70 + i / 2, THREAD_FPU);
    start(lab, &looker[0], code_sse_look, SECRET, fault[HOLDERS], 80, THREAD_FPU);
    start(lab, &looker[1], code_sse_look, SECRET, fault[HOLDERS + 1], 81, 0);
    for (uint32_t i = 0; i < HOLDERS; i++)
        check_counted(lab, &holder[i], fault[i]);
    for (uint32_t i = 0; i < LOOKERS; i++)
        check_counted(lab, &looker[i], fault[HOLDERS + i]);
    /* A holder is destroyed: who comes after it in the same compartment finds nothing of it. */
    static struct worker again;
    start(lab, &holder[0], code_sse, SECRET, 0, 70, THREAD_FPU);
    sleep_us(lab, 1500);
    EXPECT(captab_delete(lab->captab, holder[0].thread), OK);
    const uint32_t last = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    start(lab, &again, code_sse_look, SECRET, last, 70, THREAD_FPU);
    check_counted(lab, &again, last);
}
