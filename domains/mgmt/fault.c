/* Faults of domains: the kernel calls in the faulting thread's name, and is never answered. The caller is parked,
 * so that its thread stays as it is for the post-mortem until builder destroys it. */
#include <stubs.h>

#include "lifecycle.h"
#include "logs.h"
#include "serve.h"
#include "text.h"

enum { DESCRIPTION_BYTES = 120 };

static const char *vector_name(uint64_t vector)
{
    /* [SDM-2023-09] Vol 3A table 6-1. */
    static const char *const names[] = {"#DE", "#DB",       "NMI",      "#BP", "#OF", "#BR", "#UD",
                                        "#NM", "#DF",       "vector 9", "#TS", "#NP", "#SS", "#GP",
                                        "#PF", "vector 15", "#MF",      "#AC", "#MC", "#XM"};
    return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "exception";
}

static void describe(const struct fault_exception_in *in, char bytes[DESCRIPTION_BYTES])
{
    struct text text = text_over(bytes, DESCRIPTION_BYTES - 1);
    text_string(&text, vector_name(in->vector));
    text_string(&text, " at rip ");
    text_hex(&text, in->rip);
    text_string(&text, " code ");
    text_hex(&text, in->code);
    text_string(&text, " address ");
    text_hex(&text, in->address);
    text_string(&text, " rsp ");
    text_hex(&text, in->rsp);
    bytes[text.length] = '\0';
}

static enum error serve_exception(void *context, uint64_t badge, const struct fault_exception_in *in)
{
    struct mgmt *const mgmt = context;
    struct domain *const domain = mgmt_domain_by_id(mgmt, badge);
    char description[DESCRIPTION_BYTES];
    uint64_t token;
    if (domain == NULL)
        return ERR_DENIED; /* anything but 0 leaves the thread stopped */
    /* All places taken: the refusal stops the thread as well, and the domain's end is dealt with all the same. */
    const enum error deferred = endpoint_defer(mgmt->endpoint_slot, &token);
    describe(in, description);
    lifecycle_faulted(mgmt, domain, description);
    return deferred == OK ? DEFER : ERR_LIMIT;
}

const struct fault_server_ops fault_ops = {.exception = serve_exception};
