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

/* What the driver says of its device: to be shown, not to be relied on. A disk: its health (kelvin, percent of the spare left,
 * percent of its life used). Either: how often the driver had to reset it, and how many requests or frames it failed, since the
 * driver was started. */
MUST_CHECK static inline enum error service_device(
    uint32_t slot, uint64_t deadline, enum service_link *link, uint32_t *speed_mbit, uint8_t *warnings, uint16_t *temperature_k,
    uint8_t *spare_percent, uint8_t *used_percent, uint32_t *resets, uint64_t *errors)
{
    struct message message = {
        .label = label_make(INTERFACE_SERVICE, SERVICE_DEVICE, 0),
        .badge = 0,
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 8);
    if (error != OK)
        return error;
    if ((message.word[1] | message.word[6]) > 0xffffffffu || message.word[2] > 63 || message.word[3] > 0xffff ||
        (message.word[4] | message.word[5]) > 255 || message.word[0] > 2)
        return ERR_ARGUMENT;
    *link = (enum service_link)message.word[0];
    *speed_mbit = (uint32_t)message.word[1];
    *warnings = (uint8_t)message.word[2];
    *temperature_k = (uint16_t)message.word[3];
    *spare_percent = (uint8_t)message.word[4];
    *used_percent = (uint8_t)message.word[5];
    *resets = (uint32_t)message.word[6];
    *errors = message.word[7];
    return OK;
}

#endif
