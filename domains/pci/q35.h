/* The one thing that a scan must know of a host bridge: where it shows configuration space in memory. */
#ifndef PCI_Q35_H
#define PCI_Q35_H

#include "machine.h"
#include "problem.h"

/* Where configuration space must be shown. A host bridge that is not known is left as it is: whether the place is right is
 * found out by looking. */
enum problem q35_set_ecam(const struct machine *machine, uint64_t base);

#endif
