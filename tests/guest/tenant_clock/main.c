/* clock never goes back and advances with the TSC that the guest sees. */
#include <call.h>

void test(void)
{
    uint64_t last_ns = 0;
    uint64_t tsc_khz = 0;
    const uint64_t start = rdtsc();
    expect_equal(tenant_clock(call_patient, SLOT_TENANT, DEADLINE_NEVER, &last_ns, &tsc_khz), OK,
                 "clock answers");
    expect(tsc_khz > 1000 && tsc_khz < 100000000, "the TSC's frequency is plausible");
    const uint64_t first_ns = last_ns;
    for (unsigned round = 0; round < 1000; round++) {
        uint64_t now_ns = 0;
        expect_equal(tenant_clock(call_patient, SLOT_TENANT, DEADLINE_NEVER, &now_ns, &tsc_khz), OK,
                     "clock answers");
        expect(now_ns >= last_ns, "time does not go back");
        last_ns = now_ns;
    }
    const uint64_t ticks = rdtsc() - start;
    const uint64_t ns = last_ns - first_ns;
    expect(ns / 1000 * tsc_khz / 1000 <= ticks, "no more time passed than the TSC says");
}
