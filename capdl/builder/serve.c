/* builder's loop: the interface `builder` (idl/builder.idl) for mgmt, and the faults of mgmt itself. It takes
 * numbers that the generated skeleton has checked, never a pointer or a string. */
#include "builder.h"

#include "builder_server.h"
#include "clock.h"
#include "console.h"
#include "log.h"
#include "stubs.h"

#define NS_PER_MS UINT64_C(1000000)

/* ---- the interface -------------------------------------------------------------------------------------------------- */

static enum error serve_start(void *context, uint64_t badge, const struct builder_start_in *in)
{
    (void)badge;
    return lifecycle_start(context, in->id);
}

static enum error serve_stop(void *context, uint64_t badge, const struct builder_stop_in *in)
{
    (void)badge;
    return lifecycle_stop(context, in->id);
}

static enum error serve_restart(void *context, uint64_t badge, const struct builder_restart_in *in)
{
    (void)badge;
    return lifecycle_restart(context, in->id);
}

static enum error serve_create(void *context, uint64_t badge, const struct builder_create_in *in)
{
    (void)badge;
    return lifecycle_create(context, in->id, in->profile);
}

static enum error serve_destroy(void *context, uint64_t badge, const struct builder_destroy_in *in)
{
    (void)badge;
    return lifecycle_destroy(context, in->id);
}

static uint32_t capabilities_of(const struct spec *spec, const struct spec_domain *domain)
{
    uint32_t count = domain->ioports.count + domain->irqs.count;
    struct spec_range ranges[2] = {domain->capabilities, domain->guest.capabilities};
    for (unsigned r = 0; r < 2; r++) {
        for (uint32_t i = 0; i < ranges[r].count; i++) {
            count += spec->capability[ranges[r].first + i].count;
        }
    }
    return count;
}

static enum error serve_info(void *context, uint64_t badge, const struct builder_info_in *in,
                             struct builder_info_out *out)
{
    const struct builder *builder = context;
    (void)badge;
    if (in->id >= builder->spec.domain_count) {
        return ERR_RANGE;
    }
    const struct domain *domain = &builder->domain[in->id];
    const struct spec_domain *described = &builder->spec.domain[in->id];
    bool there = domain->state == DOMAIN_STATE_STOPPED || domain->state == DOMAIN_STATE_RUNNING;
    *out = (struct builder_info_out){.state = domain->state,
                                     .capabilities = there ? capabilities_of(&builder->spec, described) : 0,
                                     .memory_kib = described->memory.bytes / 1024,
                                     .restarts = domain->realised > 0 ? domain->realised - 1 : 0,
                                     .threads = described->threads.count};
    return OK;
}

static enum error serve_postmortem(void *context, uint64_t badge, const struct builder_postmortem_in *in,
                                   struct builder_postmortem_out *out)
{
    const struct builder *builder = context;
    (void)badge;
    if (in->id >= builder->spec.domain_count) {
        return ERR_RANGE;
    }
    const struct postmortem *kept = &builder->domain[in->id].postmortem;
    if (!kept->kept) {
        return ERR_STATE;
    }
    *out = (struct builder_postmortem_out){.rip = kept->rip,
                                           .rsp = kept->rsp,
                                           .rax = kept->rax,
                                           .stack0 = kept->stack[0],
                                           .stack1 = kept->stack[1],
                                           .state = kept->state};
    return OK;
}

/* Only of the domain that runs alone at boot. */
static enum error serve_finished(void *context, uint64_t badge, const struct builder_finished_in *in)
{
    struct builder *builder = context;
    if (builder->once.id == SPEC_NONE || badge != builder->once.id) {
        return ERR_DENIED;
    }
    builder->once.finished = true;
    builder->once.status = in->status;
    return OK;
}

static enum error serve_device_fault(void *context, uint64_t badge, const struct builder_device_fault_in *in,
                                     struct builder_device_fault_out *out)
{
    const struct builder *builder = context;
    (void)badge;
    return in->id < builder->spec.domain_count ? devices_fault(builder, in->id, out) : ERR_RANGE;
}

static const struct builder_server_ops operations = {
    .start = serve_start,
    .stop = serve_stop,
    .restart = serve_restart,
    .create = serve_create,
    .destroy = serve_destroy,
    .info = serve_info,
    .postmortem = serve_postmortem,
    .finished = serve_finished,
    .device_fault = serve_device_fault,
};

bool serve_message(struct builder *builder, struct message *message)
{
    return builder_dispatch(&operations, builder, message) == DISPATCH_REPLY;
}

/* ---- faults of the manager ---------------------------------------------------------------------------------------------- */

bool serve_is_manager(const struct builder *builder, uint32_t id)
{
    struct spec_range range = builder->spec.domain[id].threads;
    for (uint32_t i = range.first; i < range.first + range.count && !builder->spec.domain[id].once; i++) {
        if (builder->spec.thread[i].fault == builder->spec.builder_endpoint) {
            return true;
        }
    }
    return false;
}

/* A restart that waits for its time. */
struct pending {
    uint64_t deadline; /* DEADLINE_NEVER: none */
    uint32_t id;
};

/* The badge was put there by builder itself, so it names a domain; checked all the same. The faulting thread
 * waits for a reply that never comes: it goes away with its domain. */
static void handle_fault(struct builder *builder, const struct message *message, struct pending *pending)
{
    uint64_t tsc_khz = builder->boot->tsc_khz, delay_ns;
    if (message->badge >= builder->spec.domain_count) {
        return;
    }
    uint32_t id = (uint32_t)message->badge;
    const struct spec_domain *described = &builder->spec.domain[id];
    struct domain *domain = &builder->domain[id];
    console_mute(false);
    log_line("%s faulted: vector %llu, code 0x%llx, rip 0x%llx, address 0x%llx", described->name,
             (unsigned long long)message->word[0], (unsigned long long)message->word[1],
             (unsigned long long)message->word[2], (unsigned long long)message->word[3]);
    if (lifecycle_destroy(builder, id) != OK) {
        return;
    }
    bool again = (described->restart.on & 1) != 0 &&
                 supervise_died(&domain->supervision, clock_ticks_to_ns(clock_ticks(), tsc_khz),
                                described->restart.max, described->restart.window_s, &delay_ns);
    if (!again) {
        log_line("%s is parked", described->name);
        return;
    }
    log_line("%s restarts in %llu ms", described->name, (unsigned long long)(delay_ns / NS_PER_MS));
    *pending = (struct pending){.deadline = clock_deadline_after(delay_ns, tsc_khz), .id = id};
}

static void run_pending(struct builder *builder, struct pending *pending)
{
    if (clock_ticks() < pending->deadline) {
        return;
    }
    pending->deadline = DEADLINE_NEVER;
    if (lifecycle_restart(builder, pending->id) != OK) {
        log_line("%s could not be restarted", builder->spec.domain[pending->id].name);
    }
}

/* ---- the loop --------------------------------------------------------------------------------------------------------------- */

_Noreturn void serve(struct builder *builder)
{
    uint32_t endpoint = builder->plan.object_slot[builder->spec.builder_endpoint];
    struct pending pending = {.deadline = DEADLINE_NEVER};
    struct message message = {.label = 0};
    bool reply = false;
    for (;;) {
        enum error error = reply ? endpoint_reply_wait(endpoint, pending.deadline, &message)
                                 : endpoint_wait(endpoint, pending.deadline, &message);
        reply = false;
        if (error == OK && label_interface(message.label) == INTERFACE_FAULT) {
            handle_fault(builder, &message, &pending);
        } else if (error == OK && label_interface(message.label) != INTERFACE_NOTIFICATION) {
            reply = serve_message(builder, &message);
        }
        run_pending(builder, &pending);
    }
}
