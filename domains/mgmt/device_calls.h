/* What mgmt asks of pci, of the virtualisers and of builder about devices. The unit tests have their own version. */
#ifndef BULKHEAD_MGMT_DEVICE_CALLS_H
#define BULKHEAD_MGMT_DEVICE_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/abi.h>

#include "mgmt.h"

/* What the virtualiser says of the driver behind it. */
struct health {
    uint8_t verdict; /* enum service_verdict */
    uint32_t epoch;
    uint32_t in_flight;
    uint64_t replayed;
    uint64_t completed;
    uint32_t corruptions;
};

/* What pci says of the device and its root port: bits of the AER status registers, as idl/pci.idl has them. */
struct device_errors {
    uint32_t fatal, nonfatal, correctable;
};
struct device_status {
    uint8_t presence; /* enum pci_presence */
    uint32_t identity;
    struct device_errors device, port;
};

/* What an iospace recorded. */
struct device_fault {
    uint32_t count; /* 0: nothing */
    uint32_t reason;
    uint64_t address;
    uint16_t source;
};

/* All end within a few milliseconds of the other side's time, or with ERR_TIMEOUT. */
enum error device_quiesce(struct mgmt *mgmt, const struct device *device, uint32_t *wait_us);
enum error device_restore(struct mgmt *mgmt, const struct device *device);
enum error device_health(struct mgmt *mgmt, const struct device *device, struct health *health);
enum error device_park(struct mgmt *mgmt, const struct device *device, bool parked);
/* Errors are forgotten by pci with this. */
enum error device_status_take(struct mgmt *mgmt, const struct device *device, struct device_status *status);
enum error device_ask_word(struct mgmt *mgmt, const struct device *device, struct device_word *word);
enum error device_fault_take(struct mgmt *mgmt, const struct device *device, struct device_fault *fault);
const char *device_error_name(enum error error);

#endif
