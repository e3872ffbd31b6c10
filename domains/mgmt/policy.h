/* What happens when a domain or its guest ends: docs/operator.md, "When something ends". */
#ifndef BULKHEAD_MGMT_POLICY_H
#define BULKHEAD_MGMT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POLICY_LIMIT_MAX = 16, POLICY_LIMIT_DEFAULT = 5 };

enum policy_kind {
    POLICY_NEVER,
    POLICY_ON_FAILURE,
    POLICY_ALWAYS,
    POLICY_ONCE, /* ran before all others, at boot */
};

enum ending {
    ENDING_FAULT,
    ENDING_KILLED,
    ENDING_GUEST_DIED,
    ENDING_RESET,
    ENDING_DEBUG_EXIT,
    ENDING_POWEROFF,
};

enum policy_verdict { POLICY_STAY, POLICY_RESTART, POLICY_PARK };

struct policy {
    enum policy_kind kind;
    uint32_t limit;                          /* restarts in POLICY_WINDOW_NS, 1..POLICY_LIMIT_MAX */
    uint32_t restarts;                       /* ever */
    uint64_t restarted_ns[POLICY_LIMIT_MAX]; /* the last ones, by restarts % POLICY_LIMIT_MAX */
};

/* Reads `never`, `once`, `on-failure`, `always`, the latter two with `/LIMIT`. False: not a policy. */
bool policy_parse(const char *bytes, size_t count, struct policy *policy);
/* Decides, and counts the restart it decides for. */
enum policy_verdict policy_decide(struct policy *policy, enum ending ending, uint64_t now_ns);
/* Whether it restarts after @ending at all; counts nothing. */
bool policy_restarts(const struct policy *policy, enum ending ending);
/* How long to rest before a restart that was just decided: nothing after the first lately, then 100 ms, twice as long
 * with each further one, 5 s at most. */
uint64_t policy_backoff_ns(const struct policy *policy, uint64_t now_ns);
/* The operator asked for a restart: earlier ones are forgiven. */
void policy_forgive(struct policy *policy);

#endif
