#include "builder_calls.h"

#include <builder_client.h>
#include <clock.h>
#include <error_name.h>

#include "heart.h"

/* Rebuilding zeroes a guest's memory: seconds on a slow machine, never this long. */
static const uint64_t BUILDER_PATIENCE_NS = 30ull * 1000 * 1000 * 1000;
/* One look at what it knows; nobody else calls builder. */
static const uint64_t BEAT_PATIENCE_NS = 300ull * 1000 * 1000;

static enum error builder_ask_by_verb(enum builder_verb verb, uint32_t slot, uint64_t deadline, uint32_t id)
{
    switch (verb) {
    case ASK_START:
        return builder_start(slot, deadline, id);
    case ASK_STOP:
        return builder_stop(slot, deadline, id);
    case ASK_RESTART:
        return builder_restart(slot, deadline, id);
    case ASK_DESTROY:
        return builder_destroy(slot, deadline, id);
    }
    return ERR_ARGUMENT;
}

const char *builder_ask(struct mgmt *mgmt, enum builder_verb verb, uint32_t id)
{
    const char *const dead = heart_check(mgmt);
    if (dead != NULL)
        return dead;
    const uint64_t deadline = clock_deadline_after(BUILDER_PATIENCE_NS, mgmt->info->tsc_khz);
    const enum error error = builder_ask_by_verb(verb, mgmt->builder_slot, deadline, id);
    return error == OK ? NULL : error_name(error);
}

bool builder_beats(struct mgmt *mgmt)
{
    enum domain_state state;
    uint32_t capabilities, restarts, threads;
    uint64_t memory_kib;
    const uint64_t deadline = clock_deadline_after(BEAT_PATIENCE_NS, mgmt->info->tsc_khz);
    return builder_info(mgmt->builder_slot, deadline, mgmt->info->id, &state, &capabilities, &memory_kib,
                        &restarts, &threads) == OK;
}

struct domain_status builder_status(struct mgmt *mgmt, uint32_t id, bool patient)
{
    struct domain_status status = {.known = false};
    enum domain_state state;
    if (!patient && mgmt->heart.stopped)
        return status;
    const uint64_t deadline =
        patient ? DEADLINE_NEVER : clock_deadline_after(BUILDER_PATIENCE_NS, mgmt->info->tsc_khz);
    const enum error error = builder_info(mgmt->builder_slot, deadline, id, &state, &status.capabilities,
                                          &status.memory_kib, &status.restarts, &status.threads);
    if (error != OK)
        return status;
    status.known = true;
    status.state = (uint8_t)state;
    return status;
}
