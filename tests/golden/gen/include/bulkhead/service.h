/* Generated from idl/service.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* What a virtualiser tells management, and is told. */
enum service_verdict {
    SERVICE_VERDICT_WELL = 0, SERVICE_VERDICT_SILENT = 1, SERVICE_VERDICT_CORRUPT = 2, SERVICE_VERDICT_PARKED = 3,
    SERVICE_VERDICT_DEVICE_FAILED = 4
};

#define INTERFACE_SERVICE 21
#define SERVICE_INTERFACE_VERSION 1
enum service_method { SERVICE_HEALTH = 0, SERVICE_PARK = 1 };
