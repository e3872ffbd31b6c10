/* Generated from idl/pci.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_PCI_CLIENT_H
#define BULKHEAD_DOMAIN_PCI_CLIENT_H

#include <bulkhead/pci.h>
#include "stubs.h"

/* Each stub returns the transport's error, else the service's status; ERR_ARGUMENT if an answer is outside its
 * declared type. Results are written only with OK. */

/* Bus mastering off, then a reset. The device must be left alone for @wait_us, then `restore`d. */
MUST_CHECK static inline enum error pci_quiesce(uint32_t slot, uint64_t deadline, uint32_t device, uint32_t *wait_us)
{
    struct message message = {
        .label = label_make(INTERFACE_PCI, PCI_QUIESCE, 1),
        .word = {[0] = device},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 1);
    if (error != OK)
        return error;
    if (message.word[0] > 0xffffffffu)
        return ERR_ARGUMENT;
    *wait_us = (uint32_t)message.word[0];
    return OK;
}

/* Registers, MSI-X and bus mastering as after the boot; `again`: the device does not answer yet. */
MUST_CHECK static inline enum error pci_restore(uint32_t slot, uint64_t deadline, uint32_t device)
{
    struct message message = {
        .label = label_make(INTERFACE_PCI, PCI_RESTORE, 1),
        .word = {[0] = device},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* How the device answers, who it is (vendor, device << 16), and which errors it and its root port have recorded since they were
 * last asked; they forget them. Errors are the bits of the advanced error reporting registers; bit 31: one that the registers do
 * not name. @source: who reported to the root port, correctable, uncorrectable << 16. */
MUST_CHECK static inline enum error pci_status(
    uint32_t slot, uint64_t deadline, uint32_t device, enum pci_presence *presence, uint32_t *identity, uint32_t *fatal,
    uint32_t *nonfatal, uint32_t *correctable, uint32_t *port_fatal, uint32_t *port_nonfatal, uint32_t *port_correctable,
    uint32_t *source)
{
    struct message message = {
        .label = label_make(INTERFACE_PCI, PCI_STATUS, 1),
        .word = {[0] = device},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 9);
    if (error != OK)
        return error;
    if ((message.word[1] | message.word[2] | message.word[3] | message.word[4] | message.word[5] | message.word[6] | message.word[7] | message.word[8]) > 0xffffffffu ||
        message.word[0] > 4)
        return ERR_ARGUMENT;
    *presence = (enum pci_presence)message.word[0];
    *identity = (uint32_t)message.word[1];
    *fatal = (uint32_t)message.word[2];
    *nonfatal = (uint32_t)message.word[3];
    *correctable = (uint32_t)message.word[4];
    *port_fatal = (uint32_t)message.word[5];
    *port_nonfatal = (uint32_t)message.word[6];
    *port_correctable = (uint32_t)message.word[7];
    *source = (uint32_t)message.word[8];
    return OK;
}

#endif
