/* What a running thread stands on is taken away under it: its space, table, context, code. It stops, and nothing else does. */
#include "hostile.h"

extern const uint8_t code_spin[];

enum what { SPACE, CAPTAB, SCHED, CODE, RESERVE, NOTIF, THREAD, KINDS };

static void test_kind(struct lab *lab, enum what what)
{
    const uint32_t fault = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    const uint32_t reserve = lab_sched(lab, 100000, 1000000, PRIORITY_LOW),
                   sched = lab_sched(lab, 1000000, 2000000, PRIORITY_HIGH);
    const struct lab_thread spin = lab_thread(lab, code_spin, 8, sched, reserve, fault, notif, 77);
    const uint32_t victim[KINDS] = {spin.space, spin.captab, sched, spin.code, reserve, notif, spin.thread};
    uint64_t consumed, remaining, debt, before, state, a, b, c, d, e, f, g;

    lab_start(&spin);
    sleep_us(lab, 3000);
    EXPECT(sched_info(sched, &before, &remaining, &debt), OK);
    CHECK(before > 0);
    EXPECT(captab_delete(lab->captab, victim[what]), OK);
    if (what != SCHED) {
        EXPECT(sched_info(sched, &before, &remaining, &debt), OK);
        sleep_us(lab, 5000);
        EXPECT(sched_info(sched, &consumed, &remaining, &debt), OK);
        if (what == RESERVE || what == NOTIF)
            CHECK(consumed > before); /* it needs neither to run */
        else
            CHECK(consumed <= before + 20000);
    }
    if (what == CODE)
        EXPECT_VALUE(FAULT(fault).vector, 14);
    if (what == THREAD)
        return;
    EXPECT(thread_read(spin.thread, REGISTER_GROUP_CONTROL, &a, &b, &c, &d, &state, &e, &f, &g), OK);
    EXPECT_VALUE(a, LAB_CODE);
    if (what == SPACE || what == CAPTAB)
        EXPECT(thread_resume(spin.thread), ERR_STATE);
    EXPECT(thread_configure(spin.thread, lab->space, lab->captab, 0, 0, 0, 0, 0, 1), ERR_STATE);
}

void test(struct lab *lab)
{
    const uint32_t first = lab->next;
    uint32_t last;

    for (enum what what = SPACE; what < KINDS; what++) {
        test_kind(lab, what);
        last = lab->next;
        for (uint32_t slot = first; slot < last; slot++)
            (void)!captab_delete(lab->captab, slot);
        lab->next = first;
    }
}
