/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_FAULT_SERVER_H
#define BULKHEAD_DOMAIN_FAULT_SERVER_H

#include <bulkhead/abi.h>
#include <bulkhead/message.h>

struct fault_exception_in { uint64_t vector, code, rip, address, rsp, rflags; };

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct fault_server_ops {
    enum error (*exception)(void *context, uint64_t badge, const struct fault_exception_in *in);
};

/* Turn @message into the reply of exception. */
static inline void fault_exception_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error fault_serve_exception(
    const struct fault_server_ops *ops, void *context, struct message *message)
{
    struct fault_exception_in in;
    enum error error;

    if (ops->exception == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6))
        return ERR_LENGTH;
    in = (struct fault_exception_in){.vector = message->word[0], .code = message->word[1], .rip = message->word[2],
        .address = message->word[3], .rsp = message->word[4], .rflags = message->word[5]};
    error = ops->exception(context, message->badge, &in);
    if (error == OK)
        fault_exception_reply(message);
    return error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch fault_dispatch(
    const struct fault_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_FAULT)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case FAULT_EXCEPTION: error = fault_serve_exception(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
