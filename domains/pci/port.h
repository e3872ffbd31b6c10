/* The root port above a described device: what keeps the device's requests to itself, and what can reset it. */
#ifndef PCI_PORT_H
#define PCI_PORT_H

#include "device.h"

/* How long the secondary bus stays in reset: [PCIE-3.0] 6.6.1, [PCI-3.0] 4.3.2 (Trst). */
enum { PORT_RESET_US = 1000 };

/* No bus mastering, no decoding, no interrupts; its bus numbers stay. Never fails. */
void port_quiet(const struct device *device);

/* Is it a root port with what is needed, and where are its capabilities? Writes nothing. */
enum problem port_find(struct device *device);

/* port_find, then bus numbers, the window of its device and no other, access control, reports of
 * errors, bus mastering (which lets requests upward). A port with a problem is left quiet. */
enum problem port_program(struct device *device);

/* The secondary bus in reset, or out of it. */
void port_hold_reset(const struct device *device, bool held);
bool port_holds_reset(const struct device *device);

#endif
