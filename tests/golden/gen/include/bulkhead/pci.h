/* Generated from idl/pci.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

#define INTERFACE_PCI 20
#define PCI_INTERFACE_VERSION 1
enum pci_method { PCI_QUIESCE = 0, PCI_RESTORE = 1, PCI_STATUS = 2 };
