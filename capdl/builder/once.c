/* Domains that run once: they make the machine ready for the others, hold what nobody may hold later, and are
 * gone before anyone else runs. What such a domain does not finish is not started without it. */
#include "builder.h"

#include <bulkhead/channel.h>
#include <bulkhead/domain.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "stubs.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)
#define ONCE_LIMIT_S 10u
#define LOG_LINE_MAX 120u

/* ---- what it wrote to its log: nobody else will read it ------------------------------------------------------ */

/* The channel that @domain sees at @address; NULL if there is none. */
static const struct console_channel *channel_at(const struct builder *builder, uint32_t id, uint64_t address)
{
    const struct spec *spec = &builder->spec;
    struct spec_range range = spec->domain[id].mappings;
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        for (uint32_t c = 0; spec->mapping[i].vaddr == address && c < spec->channel_count; c++) {
            const struct spec_object *object = &spec->object[spec->channel[c].object];
            if (spec->channel[c].object == spec->mapping[i].object &&
                object->count * object->size >= sizeof(struct console_channel)) {
                return (const struct console_channel *)builder->plan.channel_address[c];
            }
        }
    }
    return NULL;
}

/* The ring is the other side's memory: every byte is data, and a count is cut to what the ring holds. */
static void say_ring(const char *name, const struct console_channel *channel)
{
    char line[LOG_LINE_MAX + 1];
    uint32_t len = 0, head = channel->a_to_b_head, capacity = sizeof channel->a_to_b;
    for (uint32_t at = head > capacity ? head - capacity : 0; at < head; at++) {
        char byte = (char)channel->a_to_b[at % capacity];
        if (byte != '\n') {
            line[len++] = byte >= ' ' && byte <= '~' ? byte : '?';
        }
        if (len > 0 && (byte == '\n' || len == LOG_LINE_MAX || at + 1 == head)) {
            line[len] = 0;
            log_line("%s: %s", name, line);
            len = 0;
        }
    }
}

static void say_log(const struct builder *builder, uint32_t id)
{
    const struct spec_domain *domain = &builder->spec.domain[id];
    for (uint32_t i = 0; i < domain->resources.count; i++) {
        const struct spec_resource *resource = &builder->spec.resource[domain->resources.first + i];
        const struct console_channel *channel =
            strcmp(resource->name, "log") == 0 && resource->kind == RESOURCE_KIND_REGION
                ? channel_at(builder, id, resource->address)
                : NULL;
        if (channel != NULL) {
            say_ring(domain->name, channel);
        }
    }
}

/* ---- running it --------------------------------------------------------------------------------------------- */

static bool took_too_long(const struct spec_domain *domain, struct refusal *why)
{
    return refuse(why, "domain '%s' has not finished after %u s", domain->name, ONCE_LIMIT_S);
}

static bool faulted(const struct spec_domain *domain, const struct message *message, struct refusal *why)
{
    return refuse(why, "domain '%s' faulted: vector %llu, code 0x%llx, rip 0x%llx, address 0x%llx",
                  domain->name, (unsigned long long)message->word[0], (unsigned long long)message->word[1],
                  (unsigned long long)message->word[2], (unsigned long long)message->word[3]);
}

/* Serves until the domain has finished, died, or used up its time. */
static bool wait_for(struct builder *builder, uint32_t id, struct refusal *why)
{
    uint32_t endpoint = builder->plan.object_slot[builder->spec.builder_endpoint];
    const struct spec_domain *domain = &builder->spec.domain[id];
    uint64_t deadline = clock_deadline_after(ONCE_LIMIT_S * NS_PER_S, builder->boot->tsc_khz);
    struct message message = {.label = 0};
    bool reply = false;
    while (!builder->once.finished) {
        enum error error = reply ? endpoint_reply_wait(endpoint, deadline, &message)
                                 : endpoint_wait(endpoint, deadline, &message);
        reply = false;
        if (error == ERR_TIMEOUT) {
            return took_too_long(domain, why);
        }
        if (error == OK && label_interface(message.label) == INTERFACE_FAULT && message.badge == id) {
            return faulted(domain, &message, why);
        }
        if (error == OK && label_interface(message.label) == INTERFACE_BUILDER) {
            reply = serve_message(builder, &message);
        }
    }
    return builder->once.status == 0 ||
           refuse(why, "domain '%s' failed with status %u", domain->name, builder->once.status);
}

static bool run(struct builder *builder, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &builder->spec.domain[id];
    uint64_t began = clock_ticks();
    builder->once.id = id;
    builder->once.finished = false;
    if (lifecycle_start(builder, id) != OK) {
        return refuse(why, "domain '%s' does not start", domain->name);
    }
    bool well = wait_for(builder, id, why);
    builder->once.id = SPEC_NONE;
    if (!well) {
        say_log(builder, id);
    }
    (void)lifecycle_destroy(builder, id); /* it runs, so this cannot be refused */
    builder->domain[id].spent = true;
    if (well) {
        log_line("%s has finished in %llu us", domain->name,
                 (unsigned long long)(clock_ticks_to_ns(clock_ticks() - began, builder->boot->tsc_khz) /
                                      NS_PER_US));
    }
    return well;
}

bool once_run_all(struct builder *builder, struct refusal *why)
{
    builder->once.id = SPEC_NONE;
    for (uint32_t id = 0; id < builder->spec.domain_count; id++) {
        if (builder->spec.domain[id].once && !run(builder, id, why)) {
            return false;
        }
    }
    return true;
}
