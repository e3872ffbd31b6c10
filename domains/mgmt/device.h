/* Devices: the domains that stand for each, and how far the restart of its driver has come. */
#ifndef BULKHEAD_MGMT_DEVICE_H
#define BULKHEAD_MGMT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bucket.h"

struct domain;

enum { DEVICES_MAX = 8, CAUSE_BYTES = 120, REPORT_BYTES = 160 };

/* In this order; docs/operator.md, "When a driver ends". */
enum stage {
    STAGE_SERVING, /* nothing to do */
    STAGE_STOP,    /* the driver's threads are suspended */
    STAGE_QUIESCE, /* bus mastering off, reset */
    STAGE_RESET,   /* the wait that the device's specification demands */
    STAGE_BACKOFF, /* failed too often lately: a while of rest */
    STAGE_RESTORE, /* registers, MSI-X, bus mastering; the iospace is still detached */
    STAGE_REBUILD, /* post-mortem, revoke, realise, start: builder's */
    STAGE_REPLAY,  /* the driver starts, its virtualiser puts the requests in flight again */
    STAGE_DOWN,    /* parked or left dead */
    STAGE_COUNT
};

/* Where a restart is going. */
enum goal { GOAL_SERVE, GOAL_DEAD, GOAL_PARK };

/* On the bus, by severity. */
struct error_counts {
    uint64_t fatal, nonfatal, correctable;
};

/* What a driver says of its device, through its virtualiser: idl/service.idl. */
struct device_word {
    uint8_t link;     /* enum service_link */
    uint8_t warnings; /* enum service_warning */
    uint32_t speed_mbit;
    uint16_t temperature_k;
    uint8_t spare_percent, used_percent;
    uint32_t resets;
    uint64_t errors;
};

/* What a device has reported since management began. */
struct device_report {
    bool known;       /* pci was asked */
    uint8_t presence; /* enum pci_presence */
    uint32_t identity;
    struct error_counts errors, port_errors;
    char last_error[REPORT_BYTES]; /* empty: none */
    bool word_known;               /* the driver was asked */
    struct device_word word;
    struct bucket lines; /* how many there may be in the log */
    uint32_t unsaid;     /* that there were not */
};

struct device {
    struct domain *driver;
    struct domain *virtualiser; /* NULL: none */
    uint32_t service_slot;      /* the virtualiser's endpoint, 0: none */
    uint32_t call_slot;         /* its bell, rung before a call, 0: none */
    uint32_t call_bits;
    uint32_t index; /* the pci domain's number for it */
    bool on_pci;
    enum stage stage;
    enum goal goal;
    uint64_t due_ns;     /* when to look at this stage again */
    uint64_t give_up_ns; /* when this stage has failed */
    uint64_t began_ns, stage_began_ns;
    uint64_t backoff_ns;
    uint32_t epoch_before; /* what the virtualiser said before the restart */
    uint32_t in_flight;    /* requests that were with the driver when its last life ended */
    bool epoch_known;
    uint32_t polls; /* of the virtualiser in STAGE_REPLAY */
    char cause[CAUSE_BYTES];
    uint32_t stage_us[STAGE_COUNT]; /* of the last restart, finished or not */
    uint32_t total_us;
    uint32_t recovered;          /* restarts that ended with the device serving */
    bool park_wanted, park_told; /* what the virtualiser is to do with requests, and what it has been told */
    uint64_t park_due_ns;
    struct device_report report;
};

#endif
