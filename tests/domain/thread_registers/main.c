/* thread_write with registers that would break the kernel on the way out: refused, or tamed. */
#include "hostile.h"

enum { TF = 1 << 8, IF = 1 << 9, IOPL = 3 << 12, NT = 1 << 14, VM = 1 << 17 };

static enum error write(uint32_t thread, uint64_t rip, uint64_t rsp, uint64_t rflags, uint64_t fs)
{
    return thread_write(thread, REGISTER_GROUP_CONTROL, rip, rsp, rflags, fs, 0, 0, 0, 0);
}

/* pushfq; pop (rdi); ud2 */
static uint64_t flags_seen(struct probe *probe, uint64_t rflags)
{
    static const uint8_t code[] = {0x9c, 0x8f, 0x07, UD2_0, UD2_1};
    const struct fault fault = probe_run_at(probe, code, sizeof code, 0, rflags, __LINE__);

    EXPECT_VALUE(fault.vector, VECTOR_UD);
    EXPECT_VALUE(fault.rip, LAB_CODE + 3);
    return probe->data[0];
}

void test(struct lab *lab)
{
    static struct probe probe;
    static const uint64_t bad[] = {0x7ffffffff000,     0x800000000000,     0x8000000000000000,
                                   0xffff800000000000, 0xffffffff80000000, ~0ull};
    uint64_t r[8];

    probe_open(lab, &probe);
    for (size_t i = 0; i < 6; i++) {
        EXPECT(write(probe.thread, bad[i], LAB_STACK, 0, 0), ERR_RANGE);
        EXPECT(write(probe.thread, LAB_CODE, bad[i], 0, 0), i == 0 ? OK : ERR_RANGE);
        EXPECT(write(probe.thread, LAB_CODE, LAB_STACK, 0, bad[i]), ERR_RANGE);
    }
    for (unsigned bit = 32; bit < 64; bit++)
        EXPECT(write(probe.thread, LAB_CODE, LAB_STACK, 1ull << bit, 0), ERR_ARGUMENT);
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint64_t seen = flags_seen(&probe, 1ull << bit);

        CHECK((seen & (TF | IOPL | NT | VM)) == 0 && (seen & IF) != 0);
    }
    CHECK((flags_seen(&probe, UINT32_MAX) & (TF | IOPL | NT | VM | IF)) == IF);
    CHECK((flags_seen(&probe, 0) & IF) != 0);
    /* Addresses that are lawful and lead nowhere: the thread faults, in user mode. */
    EXPECT(write(probe.thread, 0x7fffffffefff, 0x7ffffffff000, 0, 0x7fffffffefff), OK);
    EXPECT(thread_resume(probe.thread), OK);
    EXPECT_VALUE(FAULT(probe.fault).vector, VECTOR_PF);
    EXPECT(thread_suspend(probe.thread), OK);
    /* Groups that are none; a thread that runs; oneself. */
    for (uint64_t group = 3; group < 70; group += 13) {
        const uint64_t words[10] = {group};

        EXPECT(call_words(target(CALL_THREAD_WRITE, probe.thread), words), ERR_ARGUMENT);
        EXPECT(call_words(target(CALL_THREAD_READ, probe.thread), words), ERR_ARGUMENT);
    }
    static struct worker spin;
    worker_start(lab, &spin, run_spin, (struct worker_options){.priority = PRIORITY_LOW});
    for (unsigned group = 0; group < 3; group++)
        EXPECT(thread_write(spin.thread, (enum register_group)group, 0, 0, 0, 0, 0, 0, 0, 0), ERR_STATE);
    EXPECT(
        thread_read(spin.thread, REGISTER_GROUP_HIGH, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6], &r[7]),
        OK);
    EXPECT(thread_resume(spin.thread), ERR_STATE);
}
