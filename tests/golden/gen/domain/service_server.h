/* Generated from idl/service.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_SERVICE_SERVER_H
#define BULKHEAD_DOMAIN_SERVICE_SERVER_H

#include <bulkhead/service.h>
#include <bulkhead/message.h>

struct service_health_out {
    enum service_verdict verdict; uint32_t epoch, in_flight; uint64_t replayed, completed; uint32_t corruptions;
};

struct service_park_in { bool parked; };

struct service_device_out {
    enum service_link link; uint32_t speed_mbit; uint8_t warnings; uint16_t temperature_k; uint8_t spare_percent, used_percent;
    uint32_t resets; uint64_t errors;
};

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct service_server_ops {
    enum error (*health)(void *context, uint64_t badge, struct service_health_out *out);
    enum error (*park)(void *context, uint64_t badge, const struct service_park_in *in);
    enum error (*device)(void *context, uint64_t badge, struct service_device_out *out);
};

/* Turn @message into the reply of health. */
static inline void service_health_reply(struct message *message, const struct service_health_out *out)
{
    *message = (struct message){.label = label_reply(OK, 6), .badge = message->badge, .word = {[0] = (uint64_t)out->verdict, [1] = out->epoch, [2] = out->in_flight, [3] = out->replayed, [4] = out->completed, [5] = out->corruptions}};
}

MUST_CHECK static inline enum error service_serve_health(
    const struct service_server_ops *ops, void *context, struct message *message)
{
    struct service_health_out out = {0};
    enum error error;

    if (ops->health == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_SERVICE, SERVICE_HEALTH, 0))
        return ERR_LENGTH;
    error = ops->health(context, message->badge, &out);
    if (error == OK)
        service_health_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of park. */
static inline void service_park_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error service_serve_park(
    const struct service_server_ops *ops, void *context, struct message *message)
{
    struct service_park_in in;
    enum error error;

    if (ops->park == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_SERVICE, SERVICE_PARK, 1))
        return ERR_LENGTH;
    if (message->word[0] > 1)
        return ERR_ARGUMENT;
    in = (struct service_park_in){.parked = message->word[0] != 0};
    error = ops->park(context, message->badge, &in);
    if (error == OK)
        service_park_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of device. */
static inline void service_device_reply(struct message *message, const struct service_device_out *out)
{
    *message = (struct message){.label = label_reply(OK, 8), .badge = message->badge, .word = {[0] = (uint64_t)out->link, [1] = out->speed_mbit, [2] = out->warnings, [3] = out->temperature_k, [4] = out->spare_percent, [5] = out->used_percent, [6] = out->resets, [7] = out->errors}};
}

MUST_CHECK static inline enum error service_serve_device(
    const struct service_server_ops *ops, void *context, struct message *message)
{
    struct service_device_out out = {0};
    enum error error;

    if (ops->device == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_SERVICE, SERVICE_DEVICE, 0))
        return ERR_LENGTH;
    error = ops->device(context, message->badge, &out);
    if (error == OK)
        service_device_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch service_dispatch(
    const struct service_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_SERVICE)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case SERVICE_HEALTH: error = service_serve_health(ops, context, message); break;
        case SERVICE_PARK: error = service_serve_park(ops, context, message); break;
        case SERVICE_DEVICE: error = service_serve_device(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
