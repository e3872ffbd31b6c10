/* Generated from idl/mgmt.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* What both sides keep to. The mark's bytes are no ASCII; silence within a frame cuts it off. */
enum link_limits {
    LINK_LIMITS_MARK = 47077, LINK_LIMITS_HEADER = 8, LINK_LIMITS_REQUEST_BYTES = 256, LINK_LIMITS_MESSAGE_BYTES = 8192,
    LINK_LIMITS_SILENCE_MS = 1000
};

/* What a host asks, an array: verb, number (u32, comes back in the answer), name of a domain or tenant (only where one is
 * meant). */
enum link_verb {
    LINK_VERB_PS = 0, LINK_VERB_KILL = 1, LINK_VERB_RESTART = 2, LINK_VERB_PAUSE = 3, LINK_VERB_RESUME = 4, LINK_VERB_FOCUS = 5,
    LINK_VERB_QUIT = 6
};

/* What management says, an array that begins with one of these. */
enum link_message {
    LINK_MESSAGE_ANSWER = 0, LINK_MESSAGE_DOMAINS = 1, LINK_MESSAGE_BOOT = 2, LINK_MESSAGE_READY = 3, LINK_MESSAGE_DOMAIN = 4,
    LINK_MESSAGE_GUEST = 5, LINK_MESSAGE_TENANT_LOG = 6, LINK_MESSAGE_RECOVERED = 7, LINK_MESSAGE_LOST = 8, LINK_MESSAGE_DEVICE = 9
};

/* A driver's last restart, an array: stage it is in, cause, restarts that ended well, requests that were in flight, then
 * microseconds of each stage and of all. */
enum link_stage {
    LINK_STAGE_STOP = 0, LINK_STAGE_QUIESCE = 1, LINK_STAGE_RESET = 2, LINK_STAGE_BACKOFF = 3, LINK_STAGE_RESTORE = 4,
    LINK_STAGE_REBUILD = 5, LINK_STAGE_REPLAY = 6, LINK_STAGE_TOTAL = 7
};
