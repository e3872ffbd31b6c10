/* Generated from idl/bench.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_MESSAGE_H
#define BULKHEAD_MESSAGE_H

#include <bulkhead/abi.h>

/* Errors must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* A message as the assembly loads it into the registers and stores it from them. */
struct message {
    uint64_t label;
    uint64_t badge;
    uint64_t word[MESSAGE_WORDS];
};

/* What a service answered: its status, or ERR_LENGTH for a reply that is not of @length words, or ERR_ARGUMENT
 * for a status that is no error. */
static inline enum error message_answer(const struct message *message, uint32_t length)
{
    uint32_t status = label_status(message->label);

    if (status >= ERROR_LIMIT)
        return ERR_ARGUMENT;
    if (status == OK && message->label != label_reply(OK, length))
        return ERR_LENGTH;
    return (enum error)status;
}

/* What a blocking method's handler returns when it will answer later (endpoint_defer, endpoint_resume). */
#define DEFER ((enum error)0x10000)

/* What a server does after dispatch: send the message as the reply, or send nothing now. */
enum dispatch { DISPATCH_REPLY = 0, DISPATCH_DEFER = 1 };

/* Turn a message into a reply that carries a status and no words. */
static inline void message_status(struct message *message, enum error status)
{
    *message = (struct message){.label = label_reply(status, 0), .badge = message->badge};
}

#endif
