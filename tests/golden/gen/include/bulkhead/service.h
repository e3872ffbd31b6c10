/* Generated from idl/service.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* What a virtualiser tells management, and is told. */
enum service_verdict {
    SERVICE_VERDICT_WELL = 0, SERVICE_VERDICT_SILENT = 1, SERVICE_VERDICT_CORRUPT = 2, SERVICE_VERDICT_PARKED = 3,
    SERVICE_VERDICT_DEVICE_FAILED = 4
};

/* The link of a network card; a disk has none. */
enum service_link { SERVICE_LINK_NONE = 0, SERVICE_LINK_DOWN = 1, SERVICE_LINK_UP = 2 };

/* What a disk warns of: [NVMe-1.4] 5.14.1.2, critical warning. */
enum service_warning {
    SERVICE_WARNING_SPARE = 1 << 0, SERVICE_WARNING_TEMPERATURE = 1 << 1, SERVICE_WARNING_RELIABILITY = 1 << 2,
    SERVICE_WARNING_READ_ONLY = 1 << 3, SERVICE_WARNING_VOLATILE_MEMORY = 1 << 4, SERVICE_WARNING_PERSISTENT_MEMORY = 1 << 5
};

#define INTERFACE_SERVICE 21
#define SERVICE_INTERFACE_VERSION 1
enum service_method { SERVICE_HEALTH = 0, SERVICE_PARK = 1, SERVICE_DEVICE = 2 };
