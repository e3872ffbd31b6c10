/* Generated from idl/tenant.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_TENANT_CLIENT_H
#define BULKHEAD_DOMAIN_TENANT_CLIENT_H

#include <bulkhead/tenant.h>
#include "stubs.h"

/* Each stub returns the transport's error, else the service's status; ERR_ARGUMENT if an answer is outside its
 * declared type. Results are written only with OK. */

/* Version of the system and of this interface. */
MUST_CHECK static inline enum error tenant_version(
    uint32_t slot, uint64_t deadline, uint16_t *major, uint16_t *minor, uint16_t *interface_version)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_VERSION, 0),
        .badge = 0,
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 3);
    if (error != OK)
        return error;
    if ((message.word[0] | message.word[1] | message.word[2]) > 0xffff)
        return ERR_ARGUMENT;
    *major = (uint16_t)message.word[0];
    *minor = (uint16_t)message.word[1];
    *interface_version = (uint16_t)message.word[2];
    return OK;
}

/* Put up to 64 bytes into the tenant's log; rate-limited: ERR_LIMIT. */
MUST_CHECK static inline enum error tenant_log_write(
    uint32_t slot, uint64_t deadline, uint32_t length, const uint8_t text[static 64])
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_LOG_WRITE, 9),
        .word = {[0] = length},
    };
    enum error error;

    __builtin_memcpy(&message.word[1], text, 64);
    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Nanoseconds since the machine started, and the TSC frequency. */
MUST_CHECK static inline enum error tenant_clock(uint32_t slot, uint64_t deadline, uint64_t *uptime_ns, uint64_t *tsc_khz)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_CLOCK, 0),
        .badge = 0,
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 2);
    if (error != OK)
        return error;
    *uptime_ns = message.word[0];
    *tsc_khz = message.word[1];
    return OK;
}

/* Wait for a lifecycle event after @seen, or the deadline. */
MUST_CHECK static inline enum error tenant_events(
    uint32_t slot, uint64_t deadline, uint64_t seen, uint64_t *sequence, enum lifecycle *kind)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_EVENTS, 1),
        .word = {[0] = seen},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 2);
    if (error != OK)
        return error;
    if (message.word[1] > 5)
        return ERR_ARGUMENT;
    *sequence = message.word[0];
    *kind = (enum lifecycle)message.word[1];
    return OK;
}

#endif
