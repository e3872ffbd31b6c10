/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_NOTIFICATION_SERVER_H
#define BULKHEAD_DOMAIN_NOTIFICATION_SERVER_H

#include <bulkhead/abi.h>
#include <bulkhead/message.h>

struct notification_signal_in { uint32_t bits; };

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct notification_server_ops {
    enum error (*signal)(void *context, uint64_t badge, const struct notification_signal_in *in);
};

/* Turn @message into the reply of signal. */
static inline void notification_signal_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error notification_serve_signal(
    const struct notification_server_ops *ops, void *context, struct message *message)
{
    struct notification_signal_in in;
    enum error error;

    if (ops->signal == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_NOTIFICATION, NOTIFICATION_SIGNAL, 1))
        return ERR_LENGTH;
    if (message->word[0] > 0xffffffffu)
        return ERR_ARGUMENT;
    in = (struct notification_signal_in){.bits = (uint32_t)message->word[0]};
    error = ops->signal(context, message->badge, &in);
    if (error == OK)
        notification_signal_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch notification_dispatch(
    const struct notification_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_NOTIFICATION)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case NOTIFICATION_SIGNAL: error = notification_serve_signal(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
