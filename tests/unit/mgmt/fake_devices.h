/* A disk and a network card for mgmt's restarts: pci, virtualisers and iospaces that answer as they are told. */
#ifndef TEST_MGMT_FAKE_DEVICES_H
#define TEST_MGMT_FAKE_DEVICES_H

#include "device_calls.h"

enum { FAKE_DEVICES = 2, FAKE_CALLS = 4096 };

/* What was asked, in order. */
enum fake_call { CALL_STOP, CALL_QUIESCE, CALL_RESTORE, CALL_RESTART, CALL_DESTROY, CALL_PARK, CALL_UNPARK };

struct fake_device {
    enum error quiesce, restore, health, park;
    uint32_t wait_us;
    uint32_t restore_agains; /* so many times `again` first */
    struct health says;
    struct device_fault fault;
    enum error status, ask_word;
    struct device_status reports; /* errors are taken, as from pci */
    struct device_word word;
    unsigned looks; /* at what pci has */
};

struct fake_devices {
    struct fake_device device[FAKE_DEVICES];
    enum fake_call calls[FAKE_CALLS];
    unsigned called;
};

extern struct fake_devices fake_devices;

/* mgmt (0), blkdrv (1, on-failure/3), blkvirt (2), netdrv (3, never), netvirt (4); the disk is device 0. */
void fake_devices_start(void);

#endif
