/* A described device, and how its own configuration space is programmed: the same way at the boot and after a reset. */
#ifndef PCI_DEVICE_H
#define PCI_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "capabilities.h"
#include "kind.h"
#include "machine.h"
#include "problem.h"

enum { DEVICES_MAX = 16, DEVICE_NAME_BYTES = 25 };

/* What an interrupt of the device writes, and where: the kernel's message of its handle. */
struct message_signal {
    uint64_t address;
    uint32_t data;
};

/* Bits of registers of errors that stay although they were cleared: they were reported once. */
struct stuck_errors {
    uint32_t status, uncorrectable, correctable, root;
};

struct device {
    char name[DEVICE_NAME_BYTES];
    const struct kind *kind;
    uint16_t port;   /* root port, bus << 8 | devfn */
    uint16_t source; /* the device's own, likewise */
    uint32_t window; /* physical address of its 2 MiB */
    struct message_signal message;
    volatile void *port_page;
    volatile void *page;
    volatile void *msix_page;
    struct capabilities capabilities;
    struct capabilities port_capabilities;
    struct stuck_errors stuck, port_stuck;
    /* As it was when first found; 0 = not yet. */
    uint32_t identity;
};

/* Is somebody there? PROBLEM_ABSENT, PROBLEM_NOT_READY; nothing is logged. */
enum problem device_answers(const struct device *device);

/* No bus mastering, no decoding, no interrupts; never fails. */
void device_quiet(const struct device *device);

/* Is it the described device, and where are its capabilities? Writes nothing. */
enum problem device_find(struct device *device);

/* device_find, then regions, MSI-X, bus mastering; each write is read back. Needs the port programmed. A device with
 * a problem is left quiet. */
enum problem device_program(const struct machine *machine, struct device *device);

/* Bus mastering alone goes off. */
void device_stop(const struct device *device);

/* Are there no transactions left? A device that has gone has none. */
bool device_idle(const struct device *device);

/* Starts a function-level reset; false: the device has none. */
bool device_reset(const struct device *device);

#endif
