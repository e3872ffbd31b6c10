/* Generated from idl/bench.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_BENCH_SERVER_H
#define BULKHEAD_DOMAIN_BENCH_SERVER_H

#include <bulkhead/bench.h>
#include <bulkhead/message.h>

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct bench_server_ops {
    enum error (*null)(void *context, uint64_t badge);
};

/* Turn @message into the reply of null. */
static inline void bench_null_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error bench_serve_null(
    const struct bench_server_ops *ops, void *context, struct message *message)
{
    enum error error;

    if (ops->null == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_BENCH, BENCH_NULL, 0))
        return ERR_LENGTH;
    error = ops->null(context, message->badge);
    if (error == OK)
        bench_null_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch bench_dispatch(
    const struct bench_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_BENCH)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case BENCH_NULL: error = bench_serve_null(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
