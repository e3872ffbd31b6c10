/* Generated from idl/builder.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_BUILDER_SERVER_H
#define BULKHEAD_DOMAIN_BUILDER_SERVER_H

#include <bulkhead/builder.h>
#include <bulkhead/message.h>

struct builder_start_in { uint32_t id; };

struct builder_stop_in { uint32_t id; };

struct builder_restart_in { uint32_t id; };

struct builder_create_in { uint32_t id, profile; };

struct builder_destroy_in { uint32_t id; };

struct builder_info_in { uint32_t id; };

struct builder_info_out { enum domain_state state; uint32_t capabilities; uint64_t memory_kib; uint32_t restarts, threads; };

struct builder_postmortem_in { uint32_t id; };

struct builder_postmortem_out { uint64_t rip, rsp, rax, stack0, stack1; uint8_t state; };

struct builder_finished_in { uint32_t status; };

struct builder_device_fault_in { uint32_t id; };

struct builder_device_fault_out { uint32_t count, reason; uint64_t address; uint16_t source; };

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct builder_server_ops {
    enum error (*start)(void *context, uint64_t badge, const struct builder_start_in *in);
    enum error (*stop)(void *context, uint64_t badge, const struct builder_stop_in *in);
    enum error (*restart)(void *context, uint64_t badge, const struct builder_restart_in *in);
    enum error (*create)(void *context, uint64_t badge, const struct builder_create_in *in);
    enum error (*destroy)(void *context, uint64_t badge, const struct builder_destroy_in *in);
    enum error (*info)(void *context, uint64_t badge, const struct builder_info_in *in, struct builder_info_out *out);
    enum error (*postmortem)(void *context, uint64_t badge, const struct builder_postmortem_in *in, struct builder_postmortem_out *out);
    enum error (*finished)(void *context, uint64_t badge, const struct builder_finished_in *in);
    enum error (*device_fault)(void *context, uint64_t badge, const struct builder_device_fault_in *in, struct builder_device_fault_out *out);
};

/* Turn @message into the reply of start. */
static inline void builder_start_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_start(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_start_in in;
    enum error error;

    if (ops->start == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_START, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_start_in){.id = (uint32_t)message->word[0]};
    error = ops->start(context, message->badge, &in);
    if (error == OK)
        builder_start_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of stop. */
static inline void builder_stop_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_stop(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_stop_in in;
    enum error error;

    if (ops->stop == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_STOP, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_stop_in){.id = (uint32_t)message->word[0]};
    error = ops->stop(context, message->badge, &in);
    if (error == OK)
        builder_stop_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of restart. */
static inline void builder_restart_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_restart(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_restart_in in;
    enum error error;

    if (ops->restart == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_RESTART, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_restart_in){.id = (uint32_t)message->word[0]};
    error = ops->restart(context, message->badge, &in);
    if (error == OK)
        builder_restart_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of create. */
static inline void builder_create_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_create(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_create_in in;
    enum error error;

    if (ops->create == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_CREATE, 2))
        return ERR_LENGTH;
    if (message->word[0] > 63 || message->word[1] > 7)
        return ERR_ARGUMENT;
    in = (struct builder_create_in){.id = (uint32_t)message->word[0], .profile = (uint32_t)message->word[1]};
    error = ops->create(context, message->badge, &in);
    if (error == OK)
        builder_create_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of destroy. */
static inline void builder_destroy_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_destroy(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_destroy_in in;
    enum error error;

    if (ops->destroy == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_DESTROY, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_destroy_in){.id = (uint32_t)message->word[0]};
    error = ops->destroy(context, message->badge, &in);
    if (error == OK)
        builder_destroy_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of info. */
static inline void builder_info_reply(struct message *message, const struct builder_info_out *out)
{
    *message = (struct message){.label = label_reply(OK, 5), .badge = message->badge, .word = {[0] = (uint64_t)out->state, [1] = out->capabilities, [2] = out->memory_kib, [3] = out->restarts, [4] = out->threads}};
}

MUST_CHECK static inline enum error builder_serve_info(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_info_in in;
    struct builder_info_out out = {0};
    enum error error;

    if (ops->info == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_INFO, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_info_in){.id = (uint32_t)message->word[0]};
    error = ops->info(context, message->badge, &in, &out);
    if (error == OK)
        builder_info_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of postmortem. */
static inline void builder_postmortem_reply(struct message *message, const struct builder_postmortem_out *out)
{
    *message = (struct message){.label = label_reply(OK, 6), .badge = message->badge, .word = {[0] = out->rip, [1] = out->rsp, [2] = out->rax, [3] = out->stack0, [4] = out->stack1, [5] = out->state}};
}

MUST_CHECK static inline enum error builder_serve_postmortem(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_postmortem_in in;
    struct builder_postmortem_out out = {0};
    enum error error;

    if (ops->postmortem == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_POSTMORTEM, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_postmortem_in){.id = (uint32_t)message->word[0]};
    error = ops->postmortem(context, message->badge, &in, &out);
    if (error == OK)
        builder_postmortem_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of finished. */
static inline void builder_finished_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error builder_serve_finished(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_finished_in in;
    enum error error;

    if (ops->finished == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_FINISHED, 1))
        return ERR_LENGTH;
    if (message->word[0] > 0xffffffffu)
        return ERR_ARGUMENT;
    in = (struct builder_finished_in){.status = (uint32_t)message->word[0]};
    error = ops->finished(context, message->badge, &in);
    if (error == OK)
        builder_finished_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of device_fault. */
static inline void builder_device_fault_reply(struct message *message, const struct builder_device_fault_out *out)
{
    *message = (struct message){.label = label_reply(OK, 4), .badge = message->badge, .word = {[0] = out->count, [1] = out->reason, [2] = out->address, [3] = out->source}};
}

MUST_CHECK static inline enum error builder_serve_device_fault(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    struct builder_device_fault_in in;
    struct builder_device_fault_out out = {0};
    enum error error;

    if (ops->device_fault == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BUILDER, BUILDER_DEVICE_FAULT, 1))
        return ERR_LENGTH;
    if (message->word[0] > 63)
        return ERR_ARGUMENT;
    in = (struct builder_device_fault_in){.id = (uint32_t)message->word[0]};
    error = ops->device_fault(context, message->badge, &in, &out);
    if (error == OK)
        builder_device_fault_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch builder_dispatch(
    const struct builder_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_BUILDER)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case BUILDER_START: error = builder_serve_start(ops, context, message); break;
        case BUILDER_STOP: error = builder_serve_stop(ops, context, message); break;
        case BUILDER_RESTART: error = builder_serve_restart(ops, context, message); break;
        case BUILDER_CREATE: error = builder_serve_create(ops, context, message); break;
        case BUILDER_DESTROY: error = builder_serve_destroy(ops, context, message); break;
        case BUILDER_INFO: error = builder_serve_info(ops, context, message); break;
        case BUILDER_POSTMORTEM: error = builder_serve_postmortem(ops, context, message); break;
        case BUILDER_FINISHED: error = builder_serve_finished(ops, context, message); break;
        case BUILDER_DEVICE_FAULT: error = builder_serve_device_fault(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
