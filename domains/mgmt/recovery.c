#include "recovery.h"

#include <string.h>

#include <bulkhead/builder.h>
#include <bulkhead/service.h>

#include "builder_calls.h"
#include "device_calls.h"
#include "devices.h"
#include "health.h"
#include "lifecycle.h"
#include "link.h"
#include "logs.h"
#include "text.h"

static const uint64_t NS_PER_US = 1000;
static const uint64_t RETRY_NS = 1000 * 1000;
/* A device has answered configuration requests one second after a reset, or it is broken. */
static const uint64_t RESTORE_PATIENCE_NS = 1500ull * 1000 * 1000;
static const uint64_t QUIESCE_PATIENCE_NS = 1500ull * 1000 * 1000; /* pci itself may be on its way back */
/* A driver's start includes its controller's. Five failures in a row must fit into the policy's 60 seconds. */
static const uint64_t REPLAY_PATIENCE_NS = 8000ull * 1000 * 1000;
static const uint64_t POLL_FIRST_NS = 500ull * 1000;
static const uint64_t POLL_MAX_NS = 16ull * 1000 * 1000;

enum { NOTE_BYTES = 200, POLL_DOUBLINGS = 5 };

/* Whether the stage is over, or to be looked at again at due_ns. */
enum step { STEP_ON, STEP_WAIT };

static void note(struct mgmt *mgmt, const struct device *device, const char *what, uint64_t us)
{
    char bytes[NOTE_BYTES];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, device->driver->name);
    text_string(&text, " ");
    text_string(&text, what);
    if (us != UINT64_MAX) {
        text_string(&text, ": ");
        text_number(&text, us);
        text_string(&text, " us");
    }
    bytes[text.length] = '\0';
    logs_note(mgmt, "mgmt", bytes);
}

/* Ends the stage that is on, with its time, and begins @stage at once. */
static void enter(struct mgmt *mgmt, struct device *device, enum stage stage, uint64_t patience_ns)
{
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    const uint64_t us = (now_ns - device->stage_began_ns) / NS_PER_US;
    if (device->stage != STAGE_SERVING && device->stage != STAGE_DOWN) {
        device->stage_us[device->stage] = (uint32_t)us;
        note(mgmt, device, stage_name(device->stage), us);
    }
    device->stage = stage;
    device->stage_began_ns = device->due_ns = now_ns;
    device->give_up_ns = now_ns + patience_ns;
}

/* The device will not serve: the driver's authority goes, its virtualiser is to say so to guests. */
static void give_up(struct mgmt *mgmt, struct device *device, enum goal goal, const char *why)
{
    device->goal = goal;
    link_domain_event(mgmt, device->driver, goal == GOAL_PARK ? "parked" : "died", why);
    note(mgmt, device, why, UINT64_MAX);
    const char *const refused = builder_ask(mgmt, ASK_DESTROY, device->driver->id);
    if (refused != NULL)
        logs_note(mgmt, device->driver->name, refused);
    device->driver->view = goal == GOAL_PARK ? VIEW_PARKED : VIEW_DEAD;
    device->park_wanted = true;
    enter(mgmt, device, STAGE_DOWN, 0);
}

static enum step retry(struct mgmt *mgmt, struct device *device, enum error error, const char *what)
{
    char bytes[NOTE_BYTES];
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    if (now_ns < device->give_up_ns && error != ERR_UNSUPPORTED) {
        device->due_ns = now_ns + RETRY_NS;
        return STEP_WAIT;
    }
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, what);
    text_string(&text, ": ");
    text_string(&text, device_error_name(error));
    bytes[text.length] = '\0';
    give_up(mgmt, device, GOAL_PARK, bytes);
    return STEP_ON;
}

static enum step step_quiesce(struct mgmt *mgmt, struct device *device)
{
    uint32_t wait_us = 0;
    if (device->on_pci) {
        const enum error error = device_quiesce(mgmt, device, &wait_us);
        if (error != OK)
            return retry(mgmt, device, error, "its device could not be reset");
    }
    enter(mgmt, device, STAGE_RESET, 0);
    device->due_ns += wait_us * NS_PER_US;
    return STEP_ON;
}

static enum step step_reset(struct mgmt *mgmt, struct device *device)
{
    if (device->goal != GOAL_SERVE) {
        give_up(mgmt, device, device->goal,
                device->goal == GOAL_PARK ? "failed too often; `restart` takes it back"
                                          : "stays dead by its policy");
        return STEP_ON;
    }
    enter(mgmt, device, STAGE_BACKOFF, 0);
    device->due_ns += device->backoff_ns;
    return STEP_ON;
}

static enum step step_restore(struct mgmt *mgmt, struct device *device)
{
    if (device->on_pci) {
        const enum error error = device_restore(mgmt, device);
        if (error != OK)
            return retry(mgmt, device, error, "its device did not come back from the reset");
    }
    enter(mgmt, device, STAGE_REBUILD, 0);
    return STEP_ON;
}

static enum step step_rebuild(struct mgmt *mgmt, struct device *device)
{
    const char *const refused = builder_ask(mgmt, ASK_RESTART, device->driver->id);
    if (refused != NULL) {
        give_up(mgmt, device, GOAL_DEAD, refused);
        return STEP_ON;
    }
    device->driver->view = VIEW_RUNNING;
    link_domain_event(mgmt, device->driver, "running", "");
    device->polls = 0;
    enter(mgmt, device, STAGE_REPLAY, REPLAY_PATIENCE_NS);
    return STEP_ON;
}

static void serving(struct mgmt *mgmt, struct device *device)
{
    enter(mgmt, device, STAGE_SERVING, 0);
    device->total_us = (uint32_t)((mgmt_now_ns(mgmt) - device->began_ns) / NS_PER_US);
    device->recovered++;
    note(mgmt, device, "serves again, in all", device->total_us);
    link_recovery_event(mgmt, device);
}

/* Whether the virtualiser speaks of the new driver, and no longer of the old one. */
static bool has_seen(const struct device *device, const struct health *health)
{
    return !device->epoch_known || health->epoch != device->epoch_before;
}

static enum step step_replay(struct mgmt *mgmt, struct device *device)
{
    struct health health;
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    const bool late = now_ns >= device->give_up_ns;
    const enum error error = device->service_slot != 0 ? device_health(mgmt, device, &health) : OK;
    const bool seen = error == OK && device->service_slot != 0 && has_seen(device, &health);
    if (device->service_slot == 0 || (seen && health.verdict == SERVICE_VERDICT_WELL) ||
        (error != OK && late)) {
        serving(mgmt, device); /* a virtualiser that does not answer has trouble of its own */
        return STEP_ON;
    }
    if (seen && health.verdict == SERVICE_VERDICT_DEVICE_FAILED) {
        (void)recovery_begin(mgmt, device, ENDING_FAULT, "its device failed while it started");
        return STEP_ON;
    }
    if (late) {
        (void)recovery_begin(mgmt, device, ENDING_FAULT, "it did not take up its work");
        return STEP_ON;
    }
    const unsigned doublings = device->polls < POLL_DOUBLINGS ? device->polls++ : POLL_DOUBLINGS;
    const uint64_t pause_ns = POLL_FIRST_NS << doublings;
    device->due_ns = mgmt_now_ns(mgmt) + (pause_ns < POLL_MAX_NS ? pause_ns : POLL_MAX_NS);
    return STEP_WAIT;
}

static enum step step(struct mgmt *mgmt, struct device *device)
{
    switch (device->stage) {
    case STAGE_STOP:
        if (device->on_pci)
            health_take_errors(mgmt, device); /* the reset makes pci forget them */
        enter(mgmt, device, STAGE_QUIESCE, QUIESCE_PATIENCE_NS);
        return STEP_ON;
    case STAGE_QUIESCE:
        return step_quiesce(mgmt, device);
    case STAGE_RESET:
        return step_reset(mgmt, device);
    case STAGE_BACKOFF:
        enter(mgmt, device, STAGE_RESTORE, RESTORE_PATIENCE_NS);
        return STEP_ON;
    case STAGE_RESTORE:
        return step_restore(mgmt, device);
    case STAGE_REBUILD:
        return step_rebuild(mgmt, device);
    case STAGE_REPLAY:
        return step_replay(mgmt, device);
    case STAGE_SERVING:
    case STAGE_DOWN:
    case STAGE_COUNT:
        break;
    }
    return STEP_WAIT;
}

static bool resting(const struct device *device)
{
    return device->stage == STAGE_SERVING || device->stage == STAGE_DOWN;
}

static void copy_cause(struct device *device, const char *why)
{
    struct text text = text_over(device->cause, sizeof(device->cause) - 1);
    text_string(&text, why);
    device->cause[text.length] = '\0';
}

/* From here on the driver does not run. */
static void begin(struct mgmt *mgmt, struct device *device, const char *why)
{
    struct health health;
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    copy_cause(device, why);
    memset(device->stage_us, 0, sizeof(device->stage_us));
    device->total_us = 0;
    device->stage = STAGE_STOP;
    device->began_ns = device->stage_began_ns = device->due_ns = now_ns;
    device->driver->view = VIEW_RESTARTING;
    note(mgmt, device, why, UINT64_MAX);
    /* A driver that is dead already has no thread left to suspend. */
    (void)builder_ask(mgmt, ASK_STOP, device->driver->id);
    device->epoch_known = device->service_slot != 0 && device_health(mgmt, device, &health) == OK;
    device->in_flight = 0;
    if (device->epoch_known) {
        device->epoch_before = health.epoch;
        device->in_flight = health.in_flight;
    }
}

static enum goal goal_of(const struct mgmt *mgmt, struct device *device, enum ending ending)
{
    struct policy *const policy = &device->driver->policy;
    device->backoff_ns = 0;
    /* What the operator kills has not failed: it neither rests nor counts. */
    if (ending == ENDING_KILLED)
        return policy_restarts(policy, ending) ? GOAL_SERVE : GOAL_DEAD;
    switch (policy_decide(policy, ending, mgmt_now_ns(mgmt))) {
    case POLICY_RESTART:
        device->backoff_ns = policy_backoff_ns(policy, mgmt_now_ns(mgmt));
        return GOAL_SERVE;
    case POLICY_PARK:
        return GOAL_PARK;
    case POLICY_STAY:
        break;
    }
    return GOAL_DEAD;
}

const char *recovery_begin(struct mgmt *mgmt, struct device *device, enum ending ending, const char *why)
{
    if (device->stage == STAGE_DOWN)
        return "it is dead already";
    if (!resting(device) && device->stage != STAGE_REPLAY)
        return "it is being restarted already";
    device->goal = goal_of(mgmt, device, ending);
    link_domain_event(mgmt, device->driver, "died", why);
    if (device->goal == GOAL_SERVE)
        link_domain_event(mgmt, device->driver, "restarting", "by its policy");
    begin(mgmt, device, why);
    return NULL;
}

const char *recovery_restart(struct mgmt *mgmt, struct device *device)
{
    if (!resting(device) && device->stage != STAGE_REPLAY)
        return "it is being restarted already";
    policy_forgive(&device->driver->policy);
    device->goal = GOAL_SERVE;
    device->backoff_ns = 0;
    device->park_wanted = false;
    link_domain_event(mgmt, device->driver, "restarting", "by the operator");
    begin(mgmt, device, "restarted by the operator");
    return NULL;
}

void recovery_rebuilt(struct mgmt *mgmt, const struct domain *domain)
{
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        if (device->virtualiser != domain)
            continue;
        device->park_told = false;
        device->epoch_known = false;
    }
}

void recovery_take_over(struct mgmt *mgmt, struct device *device, bool running)
{
    struct health health;
    const bool parked = device->service_slot != 0 && device_health(mgmt, device, &health) == OK &&
                        health.verdict == SERVICE_VERDICT_PARKED;
    if (running && !parked)
        return;
    if (!running && parked) {
        device->park_wanted = device->park_told = true;
        device->stage = STAGE_DOWN;
        device->driver->view = VIEW_PARKED;
        return;
    }
    device->park_told = parked;
    device->goal = GOAL_SERVE;
    begin(mgmt, device, "found on its way when management started");
}

static const char *complaint(const struct health *health)
{
    switch ((enum service_verdict)health->verdict) {
    case SERVICE_VERDICT_SILENT:
        return "it stopped answering";
    case SERVICE_VERDICT_CORRUPT:
        return "it broke the rules of its channel";
    case SERVICE_VERDICT_DEVICE_FAILED:
        return "its device failed";
    case SERVICE_VERDICT_WELL:
    case SERVICE_VERDICT_PARKED:
        break;
    }
    return NULL;
}

void recovery_attention(struct mgmt *mgmt)
{
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        struct health health;
        /* A paused driver is silent because the operator wants it so. */
        if (device->stage == STAGE_REPLAY)
            device->due_ns = mgmt_now_ns(mgmt);
        if (device->stage != STAGE_SERVING || device->driver->view != VIEW_RUNNING ||
            device->service_slot == 0 || device_health(mgmt, device, &health) != OK ||
            complaint(&health) == NULL)
            continue;
        (void)recovery_begin(mgmt, device, ENDING_FAULT, complaint(&health));
    }
}

static void describe_fault(const struct device_fault *fault, char bytes[CAUSE_BYTES])
{
    struct text text = text_over(bytes, CAUSE_BYTES - 1);
    text_string(&text, "its device reached outside its pools: address ");
    text_hex(&text, fault->address);
    text_string(&text, " reason ");
    text_number(&text, fault->reason);
    text_string(&text, " source ");
    text_hex(&text, fault->source);
    text_string(&text, ", faults ");
    text_number(&text, fault->count);
    bytes[text.length] = '\0';
}

void recovery_faults(struct mgmt *mgmt)
{
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        struct device_fault fault;
        char why[CAUSE_BYTES];
        if (!device->on_pci || device_fault_take(mgmt, device, &fault) != OK || fault.count == 0)
            continue;
        describe_fault(&fault, why);
        if (device->stage == STAGE_SERVING || device->stage == STAGE_REPLAY)
            (void)recovery_begin(mgmt, device, ENDING_FAULT, why);
        else
            note(mgmt, device, why, UINT64_MAX);
    }
}

/* The virtualiser learns what to do with requests as soon as it listens. */
static void tell_parked(struct mgmt *mgmt, struct device *device)
{
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    if (device->park_wanted == device->park_told || device->service_slot == 0 || now_ns < device->park_due_ns)
        return;
    if (device_park(mgmt, device, device->park_wanted) == OK) {
        device->park_told = device->park_wanted;
        device->park_due_ns = 0;
    } else {
        device->park_due_ns = now_ns + RETRY_NS;
    }
}

uint64_t recovery_work(struct mgmt *mgmt)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        tell_parked(mgmt, device);
        while (!resting(device) && mgmt_now_ns(mgmt) >= device->due_ns && step(mgmt, device) == STEP_ON) {
        }
        tell_parked(mgmt, device);
        if (!resting(device) && device->due_ns < next_ns)
            next_ns = device->due_ns;
        if (device->park_wanted != device->park_told && device->service_slot != 0 &&
            device->park_due_ns < next_ns)
            next_ns = device->park_due_ns;
    }
    return next_ns;
}
