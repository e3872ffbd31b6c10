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

/* What configuration space says: identity, command register, errors reported since they were last read. */
MUST_CHECK static inline enum error pci_status(
    uint32_t slot, uint64_t deadline, uint32_t device, uint16_t *vendor, uint16_t *id, uint16_t *command, bool *link_up,
    uint32_t *uncorrectable, uint32_t *correctable)
{
    struct message message = {
        .label = label_make(INTERFACE_PCI, PCI_STATUS, 1),
        .word = {[0] = device},
    };
    enum error error;

    error = endpoint_call(slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 6);
    if (error != OK)
        return error;
    if ((message.word[0] | message.word[1] | message.word[2]) > 0xffff || message.word[3] > 1 ||
        (message.word[4] | message.word[5]) > 0xffffffffu)
        return ERR_ARGUMENT;
    *vendor = (uint16_t)message.word[0];
    *id = (uint16_t)message.word[1];
    *command = (uint16_t)message.word[2];
    *link_up = message.word[3] != 0;
    *uncorrectable = (uint32_t)message.word[4];
    *correctable = (uint32_t)message.word[5];
    return OK;
}

#endif
