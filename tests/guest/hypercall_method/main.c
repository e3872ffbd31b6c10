/* The method mask of a capability says which methods its holder may call: unknown ones and masked ones are refused by
 * the kernel, and those left in the mask work. */
#include <call.h>

static enum error invoke(uint32_t slot, uint32_t method, uint32_t length)
{
    struct message message = {.label = label_make(INTERFACE_TENANT, method, length)};
    return call_patient(HYPERCALL_BIT | slot, DEADLINE_NOW, &message);
}

static void test_masked(void)
{
    uint64_t uptime_ns = 0;
    uint64_t tsc_khz = 0;
    expect_equal(invoke(SLOT_TENANT_MASKED, TENANT_LOG_WRITE, 9), ERR_METHOD, "log_write is masked");
    expect_equal(invoke(SLOT_TENANT_MASKED, TENANT_EVENTS, 1), ERR_METHOD, "events is masked");
    expect_equal(tenant_clock(call_patient, SLOT_TENANT_MASKED, DEADLINE_NEVER, &uptime_ns, &tsc_khz), OK,
                 "clock is in the mask");
}

void test(void)
{
    for (uint32_t method = TENANT_EVENTS + 1; method < 32; method++)
        expect_equal(invoke(SLOT_TENANT, method, 0), ERR_METHOD, "an unknown method");
    test_masked();
    call_expect_alive();
}
