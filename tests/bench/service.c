/* The smallest service there is: what a hypercall costs without a service's own work. */
#include "panic.h"
#include "resource.h"
#include "start.h"
#include "stubs.h"
#include <bench_server.h>

static enum error serve_null(void *context, uint64_t badge)
{
    (void)context;
    (void)badge;
    return OK;
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    static const struct bench_server_ops ops = {.null = serve_null};
    const uint32_t slot = resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT);
    struct message message = {0};
    enum error error = endpoint_wait(slot, DEADLINE_NEVER, &message);

    (void)thread;
    while (error == OK) {
        if (bench_dispatch(&ops, NULL, &message) != DISPATCH_REPLY) panic("a call that does not wait was deferred");
        error = endpoint_reply_wait(slot, DEADLINE_NEVER, &message);
    }
    panic("the endpoint is gone: error %u", (unsigned)error);
}
