/* The whole machine, once, before any driver: every function that nobody described is silenced, the described ones are
 * programmed. */
#ifndef PCI_SCAN_H
#define PCI_SCAN_H

#include "describe.h"

/* The number for builder.finished: 0, or enum problem with the device's number << 8. */
uint32_t scan(const struct machine *machine, struct devices *devices, uint64_t ecam_base);

#endif
