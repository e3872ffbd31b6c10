#include "call.h"

bool call_on_amd(void)
{
    /* "AuthenticAMD": [APM3] CPUID Fn0000_0000. */
    return cpuid(0, 0).ebx == 0x68747541;
}

enum error call_raw(uint64_t rax, uint64_t deadline, struct message *message)
{
    return call_on_amd() ? hypercall_vmmcall(rax, deadline, message)
                         : hypercall_vmcall(rax, deadline, message);
}

/* The core ends a wait for the guest's interrupts and for its VMM: ERR_CANCELED, or ERR_TIMEOUT at the VMM's limit. It refuses one
 * whose context owes the service's reserve, until its next periods have paid: ERR_DEBT. */
static bool ended_early(enum error error, uint64_t deadline)
{
    return error == ERR_CANCELED || error == ERR_DEBT || (error == ERR_TIMEOUT && rdtsc() < deadline);
}

enum error call_patient(uint64_t rax, uint64_t deadline, struct message *message)
{
    const struct message question = *message;
    enum error error;
    do {
        *message = question;
        error = call_raw(rax, deadline, message);
    } while (ended_early(error, deadline));
    return error;
}

uint64_t call_ticks(uint64_t milliseconds)
{
    uint64_t uptime_ns = 0;
    uint64_t tsc_khz = 0;
    expect_equal(tenant_clock(call_patient, SLOT_TENANT, DEADLINE_NEVER, &uptime_ns, &tsc_khz), OK,
                 "clock answers");
    return milliseconds * tsc_khz;
}

void call_expect_alive(void)
{
    uint16_t major = 0;
    uint16_t minor = 0;
    uint16_t version = 0;
    expect_equal(tenant_version(call_patient, SLOT_TENANT, DEADLINE_NEVER, &major, &minor, &version), OK,
                 "the guest is still served");
    expect_equal(version, TENANT_INTERFACE_VERSION, "the interface version is the header's");
}
