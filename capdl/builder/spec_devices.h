/* Device memory and the bus masters: what a description may let a device and its driver reach. */
#ifndef BUILDER_SPEC_DEVICES_H
#define BUILDER_SPEC_DEVICES_H

#include "spec.h"

/* Every object of device memory lies in one window, and no two windows overlap. */
bool spec_check_windows(const struct spec *spec, struct refusal *why);

/* Every bus master has an iospace, a source and interrupts of its own, and reaches only pools and memory of its
 * driver; a page of device memory has one user. After all domains were checked by themselves. */
bool spec_check_devices(const struct spec *spec, struct refusal *why);

/* Whether domain @id may be told where object @number lies: no other domain's, and a device that may have no IOMMU is to reach it. */
bool spec_may_be_told(const struct spec *spec, uint32_t id, uint32_t number);

#endif
