/* The table of devices, from the description's text: a line `DRIVER VIRTUALISER INDEX` each. */
#ifndef BULKHEAD_MGMT_DEVICES_H
#define BULKHEAD_MGMT_DEVICES_H

#include "mgmt.h"

/* False: a line is wrong or names a domain that is not there; @bad_line counts from 1. */
bool devices_parse(struct mgmt *mgmt, const char *text, size_t bytes, uint32_t *bad_line);
/* The device that @domain drives, or NULL. */
struct device *device_of_driver(struct mgmt *mgmt, const struct domain *domain);
/* Whether @domain stands for a device, as its driver or its virtualiser. */
bool device_has_part(const struct mgmt *mgmt, const struct domain *domain);
const char *stage_name(enum stage stage);

#endif
