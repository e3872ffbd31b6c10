/* The tenant beside a hostile domain: every 10 ms it does a work unit, looks whether anything of its own has changed (memory, SSE
 * registers, fs_base, flags), asks mgmt something, and every 100 ms says so. HARM at the first sign. */
#include "log.h"
#include "panic.h"
#include "resource.h"
#include "start.h"
#include "stubs.h"
#include <tenant_client.h>

enum { WORDS = 8192, UNIT_MS = 10, UNITS = 10 };

static uint64_t memory[WORDS];

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The wait happens inside, so that whatever runs meanwhile could have left its own state. */
static bool sse_kept(uint32_t bell, uint64_t deadline)
{
    uint64_t in[2] = {0x5749544e45535321, 0x215345534e544957}, out[2];
    uint32_t bits;

    __asm__ volatile("movdqu %0, %%xmm7" : : "m"(in) : "xmm7");
    if (notif_wait(bell, deadline, &bits) != ERR_TIMEOUT)
        return false;
    __asm__ volatile("movdqu %%xmm7, %0" : "=m"(out));
    return out[0] == in[0] && out[1] == in[1];
}

static const char *harm(const struct domain_info *info, uint32_t bell, uint32_t tenant)
{
    const uint64_t deadline = tsc() + info->tsc_khz * UNIT_MS;
    uint64_t flags, uptime, khz;

    if (!sse_kept(bell, deadline))
        return "registers or wait";
    if (tsc() > deadline + info->tsc_khz * 2)
        return "late by more than 2 ms";
    for (uint64_t i = 0; i < WORDS; i++)
        if (memory[i] != (i ^ 0x77697473))
            return "memory";
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    if ((flags & 0x47500) != 0)
        return "flags"; /* AC, NT, IOPL, DF clear; TF */
    if (tenant_clock(tenant, tsc() + info->tsc_khz * 1000, &uptime, &khz) != OK || khz != info->tsc_khz)
        return "mgmt does not answer";
    return NULL;
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    const uint32_t bell = resource_slot(info, "bell", RESOURCE_KIND_NOTIF),
                   tenant = resource_slot(info, "tenant", RESOURCE_KIND_ENDPOINT);

    (void)thread;
    for (uint64_t i = 0; i < WORDS; i++)
        memory[i] = i ^ 0x77697473;
    for (uint64_t round = 1;; round++) {
        const char *reason = harm(info, bell, tenant);

        if (reason)
            panic("HARM: %s", reason);
        if (round % UNITS == 0)
            log_line("WITNESS %llu", (unsigned long long)(round / UNITS));
    }
}
