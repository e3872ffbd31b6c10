/* The driver: between its channel to netvirt (idl/net.idl, end b) and its device. */
#ifndef NETDRV_NETDRV_H
#define NETDRV_NETDRV_H

#include <netring.h>

#include "e1000e.h"

/* How often link, statistics and the transmit head are looked at. */
#define NETDRV_LOOK_NS UINT64_C(500000000)

struct netdrv {
    struct netdev_channel *channel;
    struct netlink link;
    struct e1000e device;
    bool failed;        /* the device does not come up: state parked until somebody restarts this domain */
    bool running;       /* rings are on, state ready shown */
    uint32_t taken;     /* frames given to the device; link.transmit.position counts those it has done */
    bool waiting_seen;  /* at the last look: were frames with the device, */
    uint32_t head_seen; /* where did it stand, */
    uint32_t done_seen; /* and how many had it done? */
    uint64_t look_at;   /* when to look next, ticks */
    uint64_t hangs;     /* resets because the device stood still */
};

/* @driver->channel and @driver->device's addresses are filled in. Brings the device up, then shows the epoch. */
void netdrv_begin(struct netdrv *driver, uint64_t now);

/* All that there is to do; @interrupt: the device's notification came. Answers the deadline of the next call. */
uint64_t netdrv_work(struct netdrv *driver, bool interrupt, uint64_t now);

/* Rings netvirt's bell. The domain signals; a test counts. */
void netdrv_signal(struct netdrv *driver);

#endif
