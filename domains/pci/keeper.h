/* The reset and the return of described devices, for management; with the pages of those devices and their ports only. */
#ifndef PCI_KEEPER_H
#define PCI_KEEPER_H

#include <pci_server.h>

#include "describe.h"

struct keeper_state {
    bool stopped;      /* quiesced, not yet restored */
    uint64_t ready_us; /* nobody may speak to the device before */
};

struct keeper {
    const struct machine *machine;
    struct devices *devices;
    struct keeper_state state[DEVICES_MAX];
};

/* Takes over what the scan, or a keeper before this one, left. */
void keeper_open(struct keeper *keeper, const struct machine *machine, struct devices *devices);

extern const struct pci_server_ops keeper_ops;

#endif
