/* Generated from idl/pci.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* Stopped: by `quiesce`. Gone: nobody answers. Reset: not by `quiesce`, and it has forgotten what it was told. Changed: not the
 * device of the boot. */
enum pci_presence {
    PCI_PRESENCE_SERVING = 0, PCI_PRESENCE_STOPPED = 1, PCI_PRESENCE_GONE = 2, PCI_PRESENCE_RESET = 3, PCI_PRESENCE_CHANGED = 4
};

#define INTERFACE_PCI 20
#define PCI_INTERFACE_VERSION 1
enum pci_method { PCI_QUIESCE = 0, PCI_RESTORE = 1, PCI_STATUS = 2 };
