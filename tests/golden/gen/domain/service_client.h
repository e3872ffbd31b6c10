/* Generated from idl/service.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_SERVICE_CLIENT_H
#define BULKHEAD_DOMAIN_SERVICE_CLIENT_H

#include <bulkhead/service.h>
#include "stubs.h"

/* Each stub returns the transport's error, else the service's status; ERR_ARGUMENT if an answer is outside its
 * declared type. Results are written only with OK. */

/* How the driver behind this virtualiser does; what is in flight and was replayed since the virtualiser began. */
MUST_CHECK static inline enum error service_health(
    uint32_t slot, uint64_t deadline, enum service_verdict *verdict, uint32_t *epoch, uint32_t *in_flight, uint64_t *replayed,
    uint64_t *completed, uint32_t *corruptions)
{
    struct message message = {
        .label = label_make(INTERFACE_SERVICE, SERVICE_HEALTH, 0),
        .badge = 0,
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 6);
    if (error != OK)
        return error;
    if ((message.word[1] | message.word[2] | message.word[5]) > 0xffffffffu || message.word[0] > 4)
        return ERR_ARGUMENT;
    *verdict = (enum service_verdict)message.word[0];
    *epoch = (uint32_t)message.word[1];
    *in_flight = (uint32_t)message.word[2];
    *replayed = message.word[3];
    *completed = message.word[4];
    *corruptions = (uint32_t)message.word[5];
    return OK;
}

/* Parked: requests end with errors at once, until taken back. */
MUST_CHECK static inline enum error service_park(uint32_t slot, uint64_t deadline, bool parked)
{
    struct message message = {
        .label = label_make(INTERFACE_SERVICE, SERVICE_PARK, 1),
        .word = {[0] = parked},
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

#endif
