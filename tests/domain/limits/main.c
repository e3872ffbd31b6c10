/* As many spaces, threads and contexts as the kernel counts: the next is refused, and all come back. The others keep theirs. */
#include "hostile.h"

static uint32_t fill(struct lab *lab, enum object_type type, uint64_t size,
                     enum error (*use)(struct lab *, uint32_t), uint32_t most)
{
    uint32_t count = 0;
    enum error error = OK;

    while (count < most + 1) {
        const uint32_t slot = lab->next;

        error = untyped_retype(lab->untyped, type, 0, size, lab->captab, slot, 1);
        if (error == OK)
            lab->next++;
        if (error == OK && use)
            error = use(lab, slot);
        if (error != OK)
            break;
        count++;
    }
    EXPECT(error, ERR_LIMIT);
    return count;
}

static enum error use_sched(struct lab *lab, uint32_t slot)
{
    return sched_configure(slot, lab->control, 100000, 10000000, 1, 0);
}
static enum error use_thread(struct lab *lab, uint32_t slot)
{
    return thread_configure(slot, lab->space, lab->captab, 0, 0, 0, 0, 0, 1);
}

static void round_of(struct lab *lab, enum object_type type, uint64_t size,
                     enum error (*use)(struct lab *, uint32_t), uint32_t most)
{
    uint32_t first = lab->next, made[3];

    for (unsigned round = 0; round < 3; round++) {
        made[round] = fill(lab, type, size, use, most);
        CHECK(made[round] > most / 2 && made[round] < most);
        EXPECT_VALUE(made[round], made[0]);
        for (uint32_t slot = first; slot < lab->next; slot++)
            EXPECT(captab_delete(lab->captab, slot), OK);
        lab->next = first;
    }
}

void test(struct lab *lab)
{
    round_of(lab, OBJECT_TYPE_SPACE, 1, NULL, 256);
    round_of(lab, OBJECT_TYPE_SCHED, 256, use_sched, 128);
    round_of(lab, OBJECT_TYPE_THREAD, 4096, use_thread, 256);
    /* Contexts that promise nothing sensible. */
    const uint32_t sched = lab_make(lab, OBJECT_TYPE_SCHED, 0, 256);
    EXPECT(sched_configure(sched, lab->control, 0, 100000, 1, 0), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, 9999, 100000, 1, 0), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, 100001, 100000, 1, 0), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, 100000, ~0ull, 1, 0), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, ~0ull, ~0ull, 1, 0), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, 100000, 1000000, 64, 0), ERR_ARGUMENT);
    EXPECT(sched_configure(sched, lab->control, 100000, 1000000, 1, 1), ERR_RANGE);
    EXPECT(sched_configure(sched, lab->control, 100000, 1000000, 1, 0), OK);
    EXPECT(sched_configure(sched, lab->control, 100000, 1000000, 1, 0), ERR_STATE);
}
