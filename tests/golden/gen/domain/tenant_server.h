/* Generated from idl/tenant.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_TENANT_SERVER_H
#define BULKHEAD_DOMAIN_TENANT_SERVER_H

#include <bulkhead/tenant.h>
#include <bulkhead/message.h>

struct tenant_version_out { uint16_t major, minor, interface_version; };

struct tenant_log_write_in { uint32_t length; uint8_t text[64]; };

struct tenant_clock_out { uint64_t uptime_ns, tsc_khz; };

struct tenant_events_in { uint64_t seen; };

struct tenant_events_out { uint64_t sequence; enum lifecycle kind; };

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct tenant_server_ops {
    enum error (*version)(void *context, uint64_t badge, struct tenant_version_out *out);
    enum error (*log_write)(void *context, uint64_t badge, const struct tenant_log_write_in *in);
    enum error (*clock)(void *context, uint64_t badge, struct tenant_clock_out *out);
    enum error (*events)(void *context, uint64_t badge, const struct tenant_events_in *in, struct tenant_events_out *out);
};

/* Turn @message into the reply of version. */
static inline void tenant_version_reply(struct message *message, const struct tenant_version_out *out)
{
    *message = (struct message){.label = label_reply(OK, 3), .badge = message->badge, .word = {[0] = out->major, [1] = out->minor, [2] = out->interface_version}};
}

MUST_CHECK static inline enum error tenant_serve_version(
    const struct tenant_server_ops *ops, void *context, struct message *message)
{
    struct tenant_version_out out = {0};
    enum error error;

    if (ops->version == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_TENANT, TENANT_VERSION, 0))
        return ERR_LENGTH;
    error = ops->version(context, message->badge, &out);
    if (error == OK)
        tenant_version_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of log_write. */
static inline void tenant_log_write_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error tenant_serve_log_write(
    const struct tenant_server_ops *ops, void *context, struct message *message)
{
    struct tenant_log_write_in in;
    enum error error;

    if (ops->log_write == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_TENANT, TENANT_LOG_WRITE, 9))
        return ERR_LENGTH;
    if (message->word[0] < 1 || message->word[0] > 64)
        return ERR_ARGUMENT;
    in = (struct tenant_log_write_in){.length = (uint32_t)message->word[0]};
    __builtin_memcpy(in.text, &message->word[1], 64);
    error = ops->log_write(context, message->badge, &in);
    if (error == OK)
        tenant_log_write_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of clock. */
static inline void tenant_clock_reply(struct message *message, const struct tenant_clock_out *out)
{
    *message = (struct message){.label = label_reply(OK, 2), .badge = message->badge, .word = {[0] = out->uptime_ns, [1] = out->tsc_khz}};
}

MUST_CHECK static inline enum error tenant_serve_clock(
    const struct tenant_server_ops *ops, void *context, struct message *message)
{
    struct tenant_clock_out out = {0};
    enum error error;

    if (ops->clock == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_TENANT, TENANT_CLOCK, 0))
        return ERR_LENGTH;
    error = ops->clock(context, message->badge, &out);
    if (error == OK)
        tenant_clock_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of events. */
static inline void tenant_events_reply(struct message *message, const struct tenant_events_out *out)
{
    *message = (struct message){.label = label_reply(OK, 2), .badge = message->badge, .word = {[0] = out->sequence, [1] = (uint64_t)out->kind}};
}

MUST_CHECK static inline enum error tenant_serve_events(
    const struct tenant_server_ops *ops, void *context, struct message *message)
{
    struct tenant_events_in in;
    struct tenant_events_out out = {0};
    enum error error;

    if (ops->events == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_TENANT, TENANT_EVENTS, 1))
        return ERR_LENGTH;
    in = (struct tenant_events_in){.seen = message->word[0]};
    error = ops->events(context, message->badge, &in, &out);
    if (error == OK)
        tenant_events_reply(message, &out);
    return error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch tenant_dispatch(
    const struct tenant_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_TENANT)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case TENANT_VERSION: error = tenant_serve_version(ops, context, message); break;
        case TENANT_LOG_WRITE: error = tenant_serve_log_write(ops, context, message); break;
        case TENANT_CLOCK: error = tenant_serve_clock(ops, context, message); break;
        case TENANT_EVENTS: error = tenant_serve_events(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
