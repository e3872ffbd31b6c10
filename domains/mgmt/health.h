/* What devices report of themselves: errors on the bus, warnings of a disk, the link of a card (docs/operator.md, "What a device
 * reports"). Asked once a second; all of it is data, counted and shown. A device that has gone, or says that an error was fatal, is
 * restarted with its driver. */
#ifndef BULKHEAD_MGMT_HEALTH_H
#define BULKHEAD_MGMT_HEALTH_H

#include "mgmt.h"
#include "text.h"

/* Before anything is asked. */
void health_open(struct mgmt *mgmt);
/* Asks those devices that serve, when it is time; the time of the next look, UINT64_MAX if there is none. */
uint64_t health_work(struct mgmt *mgmt);
/* The errors of a device that is about to be reset: counted and told. */
void health_take_errors(struct mgmt *mgmt, struct device *device);

/* "serving", or what else of enum pci_presence. */
const char *health_presence_name(const struct device *device);
/* "up", "down", "none". */
const char *health_link_name(const struct device *device);
/* "temperature, read only"; nothing where nothing is warned of. */
void health_warnings(struct text *text, uint8_t warnings);

#endif
