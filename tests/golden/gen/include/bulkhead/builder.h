/* Generated from idl/builder.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

enum domain_state { DOMAIN_STATE_ABSENT = 0, DOMAIN_STATE_STOPPED = 1, DOMAIN_STATE_RUNNING = 2, DOMAIN_STATE_DEAD = 3 };

#define INTERFACE_BUILDER 17
#define BUILDER_INTERFACE_VERSION 2
enum builder_method {
    BUILDER_START = 0, BUILDER_STOP = 1, BUILDER_RESTART = 2, BUILDER_CREATE = 3, BUILDER_DESTROY = 4, BUILDER_INFO = 5,
    BUILDER_POSTMORTEM = 6, BUILDER_FINISHED = 7, BUILDER_DEVICE_FAULT = 8
};
