#include "heart.h"

#include "builder_calls.h"
#include "link.h"
#include "logs.h"

/* An emulator that gets no time misses one, builder that is alive never so many in a row. */
enum { MISSED_MAX = 3 };

static const uint64_t BEAT_NS = 2ull * 1000 * 1000 * 1000;
static const uint64_t AGAIN_NS = 200ull * 1000 * 1000;
static const uint64_t STOPPED_NS = 10ull * 1000 * 1000 * 1000;

static const char STOPPED[] = "builder does not answer: all domains run on, none can be started, stopped or "
                              "restarted until the machine is";
static const char AGAIN[] = "builder answers again";

static void say(struct mgmt *mgmt, const char *state, const char *why)
{
    static const struct domain builder = {.name = "builder"};
    logs_note(mgmt, "mgmt", why);
    link_domain_event(mgmt, &builder, state, why);
}

static void beat(struct mgmt *mgmt)
{
    struct heart *const heart = &mgmt->heart;
    const bool beats = builder_beats(mgmt);
    heart->missed = beats ? 0 : heart->missed + 1;
    if (beats && heart->stopped) {
        heart->stopped = false;
        say(mgmt, "running", AGAIN);
    } else if (!heart->stopped && heart->missed == MISSED_MAX) {
        heart->stopped = true;
        say(mgmt, "died", STOPPED);
    }
    const uint64_t rest_ns = heart->stopped ? STOPPED_NS : beats ? BEAT_NS : AGAIN_NS;
    heart->due_ns = mgmt_now_ns(mgmt) + rest_ns;
}

uint64_t heart_work(struct mgmt *mgmt)
{
    if (mgmt_now_ns(mgmt) >= mgmt->heart.due_ns)
        beat(mgmt);
    return mgmt->heart.due_ns;
}

const char *heart_check(struct mgmt *mgmt)
{
    if (!mgmt->heart.stopped)
        beat(mgmt);
    while (mgmt->heart.missed != 0 && !mgmt->heart.stopped)
        beat(mgmt);
    return mgmt->heart.stopped ? STOPPED : NULL;
}
