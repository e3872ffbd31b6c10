/* Generated from idl/bench.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_BENCH_CLIENT_H
#define BULKHEAD_DOMAIN_BENCH_CLIENT_H

#include <bulkhead/bench.h>
#include "stubs.h"

/* Each stub returns the transport's error, else the service's status; ERR_ARGUMENT if an answer is outside its
 * declared type. Results are written only with OK. */

/* Answers at once. */
MUST_CHECK static inline enum error bench_null(uint32_t slot, uint64_t deadline)
{
    struct message message = {
        .label = label_make(INTERFACE_BENCH, BENCH_NULL, 0),
        .badge = 0,
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
