#include "lifecycle.h"

#include <bulkhead/tenant.h>

#include "builder_calls.h"
#include "devices.h"
#include "link.h"
#include "logs.h"
#include "recovery.h"
#include "tenant.h"
#include "text.h"

enum { NOTE_BYTES = 120 };

static void note(struct mgmt *mgmt, const struct domain *domain, const char *what, const char *why)
{
    char bytes[NOTE_BYTES];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, domain->name);
    text_string(&text, " ");
    text_string(&text, what);
    if (why[0] != '\0') {
        text_string(&text, ": ");
        text_string(&text, why);
    }
    bytes[text.length] = '\0';
    logs_note(mgmt, "mgmt", bytes);
    link_domain_event(mgmt, domain, what, why);
}

void lifecycle_tell_tenant(struct mgmt *mgmt, struct domain *domain, uint32_t kind)
{
    events_add(&domain->events, kind);
    tenant_answer_waiting(mgmt, domain);
}

/* The domain's threads are gone or will never run again: nobody is there to be answered. */
static void forget_waiting(struct domain *domain)
{
    domain->waiting = false;
}

static const char *rebuild(struct mgmt *mgmt, struct domain *domain, const char *why)
{
    note(mgmt, domain, "restarting", why);
    forget_waiting(domain);
    const char *const refused = builder_ask(mgmt, ASK_RESTART, domain->id);
    if (refused != NULL) {
        domain->view = VIEW_DEAD;
        note(mgmt, domain, "died", refused);
        return refused;
    }
    domain->view = VIEW_RUNNING;
    lifecycle_tell_tenant(mgmt, domain, LIFECYCLE_RESTARTED);
    recovery_rebuilt(mgmt, domain);
    note(mgmt, domain, "running", "");
    return NULL;
}

static void leave_dead(struct mgmt *mgmt, struct domain *domain, enum policy_verdict verdict)
{
    forget_waiting(domain);
    const char *const refused = builder_ask(mgmt, ASK_DESTROY, domain->id);
    domain->view = verdict == POLICY_PARK ? VIEW_PARKED : VIEW_DEAD;
    if (verdict == POLICY_PARK)
        note(mgmt, domain, "parked", "too many restarts; `restart` takes it out");
    if (refused != NULL)
        logs_note(mgmt, domain->name, refused);
}

/* What serves tenants and was killed by the operator has not failed, so that counts nothing. */
static enum policy_verdict verdict_on(const struct mgmt *mgmt, struct domain *domain, enum ending ending)
{
    if (ending == ENDING_KILLED && domain->tenant[0] == '\0')
        return policy_restarts(&domain->policy, ending) ? POLICY_RESTART : POLICY_STAY;
    return policy_decide(&domain->policy, ending, mgmt_now_ns(mgmt));
}

/* A domain without threads that can go on: its policy decides. */
static void settle_death(struct mgmt *mgmt, struct domain *domain, enum ending ending, const char *why)
{
    const enum policy_verdict verdict = verdict_on(mgmt, domain, ending);
    note(mgmt, domain, "died", why);
    if (verdict == POLICY_RESTART)
        (void)rebuild(mgmt, domain, "by its policy");
    else
        leave_dead(mgmt, domain, verdict);
}

const char *lifecycle_kill(struct mgmt *mgmt, struct domain *domain)
{
    struct device *const device = device_of_driver(mgmt, domain);
    if (device != NULL)
        return recovery_begin(mgmt, device, ENDING_KILLED, "killed by the operator");
    if (domain->view == VIEW_DEAD || domain->view == VIEW_PARKED)
        return "it is dead already";
    forget_waiting(domain);
    const char *const refused = builder_ask(mgmt, ASK_DESTROY, domain->id);
    if (refused != NULL)
        return refused;
    settle_death(mgmt, domain, ENDING_KILLED, "killed by the operator");
    return NULL;
}

const char *lifecycle_restart(struct mgmt *mgmt, struct domain *domain)
{
    struct device *const device = device_of_driver(mgmt, domain);
    if (device != NULL)
        return recovery_restart(mgmt, device);
    policy_forgive(&domain->policy);
    return rebuild(mgmt, domain, "by the operator");
}

const char *lifecycle_pause(struct mgmt *mgmt, struct domain *domain)
{
    if (domain->view != VIEW_RUNNING)
        return "it is not running";
    const char *const refused = builder_ask(mgmt, ASK_STOP, domain->id);
    if (refused != NULL)
        return refused;
    /* Suspension has cancelled a waiting call; the tenant reads `paused` when it runs again. */
    forget_waiting(domain);
    domain->view = VIEW_PAUSED;
    lifecycle_tell_tenant(mgmt, domain, LIFECYCLE_PAUSED);
    note(mgmt, domain, "stopped", "paused by the operator");
    return NULL;
}

const char *lifecycle_resume(struct mgmt *mgmt, struct domain *domain)
{
    if (domain->view != VIEW_PAUSED)
        return "it is not paused";
    lifecycle_tell_tenant(mgmt, domain, LIFECYCLE_RESUMED);
    const char *const refused = builder_ask(mgmt, ASK_START, domain->id);
    if (refused != NULL)
        return refused;
    domain->view = VIEW_RUNNING;
    note(mgmt, domain, "running", "resumed by the operator");
    return NULL;
}

void lifecycle_faulted(struct mgmt *mgmt, struct domain *domain, const char *what)
{
    if (domain->view == VIEW_DEAD || domain->view == VIEW_PARKED)
        return;
    struct device *const device = device_of_driver(mgmt, domain);
    if (device != NULL)
        (void)recovery_begin(mgmt, device, ENDING_FAULT, what);
    else
        settle_death(mgmt, domain, ENDING_FAULT, what);
}

/* The VMM is alive and well, its guest is not: what stays is stopped, not destroyed. */
void lifecycle_guest_ended(struct mgmt *mgmt, struct domain *domain, const struct guest_end *end)
{
    const enum policy_verdict verdict = policy_decide(&domain->policy, end->ending, mgmt_now_ns(mgmt));
    link_guest_event(mgmt, domain, end);
    logs_note(mgmt, domain_title(domain), end->state);
    if (end->reason[0] != '\0')
        logs_note(mgmt, domain_title(domain), end->reason);
    if (verdict == POLICY_RESTART) {
        (void)rebuild(mgmt, domain, "its guest ended");
        return;
    }
    forget_waiting(domain);
    const char *const refused = builder_ask(mgmt, ASK_STOP, domain->id);
    domain->view = verdict == POLICY_PARK ? VIEW_PARKED : VIEW_STOPPED;
    note(mgmt, domain, verdict == POLICY_PARK ? "parked" : "stopped", refused != NULL ? refused : end->state);
}
