/* Where a function's capabilities are. The lists come from the device: bounded, checked, believed for nothing else. */
#ifndef PCI_CAPABILITIES_H
#define PCI_CAPABILITIES_H

#include <stdint.h>

#include "problem.h"

/* Offsets in configuration space, 0 = absent. The structure of each lies wholly inside. */
struct capabilities {
    uint16_t power, msi, pcie, msix;
    uint16_t aer, acs, ats, sriov, pri, pasid;
};

/* Reads both lists of the function behind @page. Of two capabilities of a kind the first counts. */
enum problem capabilities_find(const char *who, volatile void *page, struct capabilities *found);

#endif
