/* What a device and its root port have recorded of errors. Their registers are read once, believed for nothing but a report, and
 * cleared: [PCIE-3.0] 6.2. */
#ifndef PCI_ERRORS_H
#define PCI_ERRORS_H

#include "device.h"

/* Bits of the AER status registers, [PCIE-3.0] 7.10.2 and 7.10.5, sorted by the severity that 7.10.4 gives them. */
struct error_bits {
    uint32_t fatal, nonfatal, correctable;
};

/* A function without AER, or one that sent a message of an error and names none, has this bit alone: reserved in both registers. */
#define ERROR_UNNAMED UINT32_C(0x80000000)

struct errors {
    struct error_bits device, port;
    uint32_t source; /* who reported to the root port, correctable, uncorrectable << 16; 0: nobody */
};

/* @answers: the device may be spoken to. A function that has gone records nothing, and nothing is written to it. What a function does
 * not clear is an error once. */
void errors_take(struct device *device, bool answers, struct errors *errors);

/* Forgets what a boot or a reset has left, with a line in the log if it was something. */
void errors_forget(struct device *device);

#endif
