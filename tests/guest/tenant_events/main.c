/* events answers at once if there is news, refuses to wait with deadline 0, and waits no longer than its deadline: a
 * guest never blocks for good. */
#include <call.h>

static enum error events(uint64_t seen, uint64_t deadline, uint64_t *sequence, enum lifecycle *kind)
{
    return tenant_events(call_patient, SLOT_TENANT, deadline, seen, sequence, kind);
}

static uint64_t test_started(void)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    expect_equal(events(0, DEADLINE_NEVER, &sequence, &kind), OK, "the first event is there");
    expect(kind == LIFECYCLE_STARTED || kind == LIFECYCLE_RESTARTED, "it says that the tenant was started");
    while (events(sequence, rdtsc() + call_ticks(50), &sequence, &kind) == OK) {
    }
    return sequence;
}

static void test_deadline(uint64_t seen)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    const uint64_t ticks = call_ticks(50);
    const uint64_t start = rdtsc();
    const enum error error = events(seen, start + ticks, &sequence, &kind);
    const uint64_t waited = rdtsc() - start;
    print_value("waited", waited);
    expect_equal(error, ERR_TIMEOUT, "the deadline ends the wait");
    expect(waited >= ticks, "not before the deadline");
    expect(waited < ticks * 40, "not long after it");
}

void test(void)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    const uint64_t seen = test_started();
    expect_equal(events(seen, DEADLINE_NOW, &sequence, &kind), ERR_TIMEOUT, "deadline 0 does not wait");
    expect_equal(events(seen, 1, &sequence, &kind), ERR_TIMEOUT, "a deadline in the past does not wait");
    expect_equal(events(UINT64_MAX, rdtsc() + 1000, &sequence, &kind), ERR_TIMEOUT,
                 "nothing after the end of time");
    test_deadline(seen);
    for (unsigned round = 0; round < 200; round++)
        (void)!events(seen, rdtsc() + 1000, &sequence, &kind);
    call_expect_alive();
}
