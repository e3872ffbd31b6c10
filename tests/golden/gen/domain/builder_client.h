/* Generated from idl/builder.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_BUILDER_CLIENT_H
#define BULKHEAD_DOMAIN_BUILDER_CLIENT_H

#include <bulkhead/builder.h>
#include "stubs.h"

/* Each stub returns the transport's error, else the service's status; ERR_ARGUMENT if an answer is outside its
 * declared type. Results are written only with OK. */

/* Let a realised domain run. */
MUST_CHECK static inline enum error builder_start(uint32_t slot, uint64_t deadline, uint32_t id)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_START, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Suspend all of a domain's threads; its state is kept. */
MUST_CHECK static inline enum error builder_stop(uint32_t slot, uint64_t deadline, uint32_t id)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_STOP, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Destroy and create again, then start. The channels it shares are zeroed and their epoch raised. */
MUST_CHECK static inline enum error builder_restart(uint32_t slot, uint64_t deadline, uint32_t id)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_RESTART, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Realise a domain from its description under @profile (0 = the described one). */
MUST_CHECK static inline enum error builder_create(uint32_t slot, uint64_t deadline, uint32_t id, uint32_t profile)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_CREATE, 2),
        .word = {[0] = id, [1] = profile},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Keep the post-mortem, then revoke all the domain has. */
MUST_CHECK static inline enum error builder_destroy(uint32_t slot, uint64_t deadline, uint32_t id)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_DESTROY, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* State, capabilities held, memory and restarts of a domain. */
MUST_CHECK static inline enum error builder_info(
    uint32_t slot, uint64_t deadline, uint32_t id, enum domain_state *state, uint32_t *capabilities, uint64_t *memory_kib,
    uint32_t *restarts, uint32_t *threads)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_INFO, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 5);
    if (error != OK)
        return error;
    if (message.word[0] > 3 || (message.word[1] | message.word[3] | message.word[4]) > 0xffffffffu)
        return ERR_ARGUMENT;
    *state = (enum domain_state)message.word[0];
    *capabilities = (uint32_t)message.word[1];
    *memory_kib = message.word[2];
    *restarts = (uint32_t)message.word[3];
    *threads = (uint32_t)message.word[4];
    return OK;
}

/* The last post-mortem: rip, vector, code, address of the first thread. */
MUST_CHECK static inline enum error builder_postmortem(
    uint32_t slot, uint64_t deadline, uint32_t id, uint64_t *rip, uint64_t *rsp, uint64_t *rax, uint64_t *stack0, uint64_t *stack1,
    uint8_t *state)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_POSTMORTEM, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 6);
    if (error != OK)
        return error;
    if (message.word[5] > 255)
        return ERR_ARGUMENT;
    *rip = message.word[0];
    *rsp = message.word[1];
    *rax = message.word[2];
    *stack0 = message.word[3];
    *stack1 = message.word[4];
    *state = (uint8_t)message.word[5];
    return OK;
}

/* A domain that runs once at boot has finished; 0 = well, all else stops the boot. Nobody else may call it. */
MUST_CHECK static inline enum error builder_finished(uint32_t slot, uint64_t deadline, uint32_t status)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_FINISHED, 1),
        .word = {[0] = status},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* What the iospace of a domain's device recorded, which is forgotten with this: how many faults, and of the first the reason,
 * address and source. */
MUST_CHECK static inline enum error builder_device_fault(
    uint32_t slot, uint64_t deadline, uint32_t id, uint32_t *count, uint32_t *reason, uint64_t *address, uint16_t *source)
{
    struct message message = {
        .label = label_make(INTERFACE_BUILDER, BUILDER_DEVICE_FAULT, 1),
        .word = {[0] = id},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 4);
    if (error != OK)
        return error;
    if ((message.word[0] | message.word[1]) > 0xffffffffu || message.word[3] > 0xffff)
        return ERR_ARGUMENT;
    *count = (uint32_t)message.word[0];
    *reason = (uint32_t)message.word[1];
    *address = message.word[2];
    *source = (uint16_t)message.word[3];
    return OK;
}

#endif
