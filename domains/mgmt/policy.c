#include "policy.h"

#include <string.h>

static const uint64_t POLICY_WINDOW_NS = 60ull * 1000 * 1000 * 1000;
static const uint64_t BACKOFF_FIRST_NS = 100ull * 1000 * 1000;
static const uint64_t BACKOFF_MAX_NS = 5000ull * 1000 * 1000;

static const struct {
    const char *name;
    enum policy_kind kind;
} policy_names[] = {
    {"never", POLICY_NEVER},
    {"on-failure", POLICY_ON_FAILURE},
    {"always", POLICY_ALWAYS},
    {"once", POLICY_ONCE},
};

/* Which endings restart, by policy. */
static const bool policy_table[][ENDING_POWEROFF + 1] = {
    [POLICY_NEVER] = {false},
    [POLICY_ONCE] = {false},
    [POLICY_ON_FAILURE] =
        {[ENDING_FAULT] = true, [ENDING_KILLED] = true, [ENDING_GUEST_DIED] = true, [ENDING_RESET] = true},
    [POLICY_ALWAYS] = {[ENDING_FAULT] = true,
                       [ENDING_KILLED] = true,
                       [ENDING_GUEST_DIED] = true,
                       [ENDING_RESET] = true,
                       [ENDING_POWEROFF] = true},
};

static bool policy_parse_limit(const char *bytes, size_t count, uint32_t *limit)
{
    uint32_t value = 0;
    if (count == 0 || count > 2)
        return false;
    for (size_t index = 0; index < count; index++) {
        if (bytes[index] < '0' || bytes[index] > '9')
            return false;
        value = value * 10 + (uint32_t)(bytes[index] - '0');
    }
    *limit = value;
    return value >= 1 && value <= POLICY_LIMIT_MAX;
}

bool policy_parse(const char *bytes, size_t count, struct policy *policy)
{
    for (size_t index = 0; index < sizeof(policy_names) / sizeof(policy_names[0]); index++) {
        const size_t length = strlen(policy_names[index].name);
        if (count < length || memcmp(bytes, policy_names[index].name, length) != 0)
            continue;
        memset(policy, 0, sizeof(*policy));
        policy->kind = policy_names[index].kind;
        policy->limit = POLICY_LIMIT_DEFAULT;
        if (count == length)
            return true;
        return policy->kind != POLICY_NEVER && policy->kind != POLICY_ONCE && bytes[length] == '/' &&
               policy_parse_limit(bytes + length + 1, count - length - 1, &policy->limit);
    }
    return false;
}

static bool policy_exhausted(const struct policy *policy, uint64_t now_ns)
{
    if (policy->restarts < policy->limit)
        return false;
    const uint32_t nth = (policy->restarts - policy->limit) % POLICY_LIMIT_MAX;
    return now_ns - policy->restarted_ns[nth] < POLICY_WINDOW_NS;
}

bool policy_restarts(const struct policy *policy, enum ending ending)
{
    return policy_table[policy->kind][ending];
}

enum policy_verdict policy_decide(struct policy *policy, enum ending ending, uint64_t now_ns)
{
    if (!policy_restarts(policy, ending))
        return POLICY_STAY;
    if (policy_exhausted(policy, now_ns))
        return POLICY_PARK;
    policy->restarted_ns[policy->restarts % POLICY_LIMIT_MAX] = now_ns;
    policy->restarts++;
    return POLICY_RESTART;
}

uint64_t policy_backoff_ns(const struct policy *policy, uint64_t now_ns)
{
    const uint32_t kept = policy->restarts < POLICY_LIMIT_MAX ? policy->restarts : POLICY_LIMIT_MAX;
    uint64_t backoff_ns = 0;
    uint32_t lately = 0;
    for (uint32_t index = 0; index < kept; index++)
        lately += now_ns - policy->restarted_ns[index] < POLICY_WINDOW_NS;
    for (uint32_t further = 1; further < lately && backoff_ns < BACKOFF_MAX_NS; further++)
        backoff_ns = further == 1 ? BACKOFF_FIRST_NS : backoff_ns * 2;
    return backoff_ns < BACKOFF_MAX_NS ? backoff_ns : BACKOFF_MAX_NS;
}

void policy_forgive(struct policy *policy)
{
    policy->restarts = 0;
}
