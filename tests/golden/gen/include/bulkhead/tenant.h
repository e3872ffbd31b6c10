/* Generated from idl/tenant.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

enum lifecycle {
    LIFECYCLE_NONE = 0, LIFECYCLE_STARTED = 1, LIFECYCLE_PAUSED = 2, LIFECYCLE_RESUMED = 3, LIFECYCLE_RESTARTED = 4,
    LIFECYCLE_STOPPING = 5
};

#define INTERFACE_TENANT 16
#define TENANT_INTERFACE_VERSION 1
enum tenant_method { TENANT_VERSION = 0, TENANT_LOG_WRITE = 1, TENANT_CLOCK = 2, TENANT_EVENTS = 3 };
