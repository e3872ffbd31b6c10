/* Generated from idl/pci.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_PCI_SERVER_H
#define BULKHEAD_DOMAIN_PCI_SERVER_H

#include <bulkhead/pci.h>
#include <bulkhead/message.h>

struct pci_quiesce_in { uint32_t device; };

struct pci_quiesce_out { uint32_t wait_us; };

struct pci_restore_in { uint32_t device; };

struct pci_status_in { uint32_t device; };

struct pci_status_out {
    enum pci_presence presence;
    uint32_t identity, fatal, nonfatal, correctable, port_fatal, port_nonfatal, port_correctable, source;
};

/* A handler gets arguments inside their declared types. It returns OK with @out filled, or the status to answer; the
 * handler of a blocking method may return DEFER and answer later. An absent handler answers ERR_METHOD. */
struct pci_server_ops {
    enum error (*quiesce)(void *context, uint64_t badge, const struct pci_quiesce_in *in, struct pci_quiesce_out *out);
    enum error (*restore)(void *context, uint64_t badge, const struct pci_restore_in *in);
    enum error (*status)(void *context, uint64_t badge, const struct pci_status_in *in, struct pci_status_out *out);
};

/* Turn @message into the reply of quiesce. */
static inline void pci_quiesce_reply(struct message *message, const struct pci_quiesce_out *out)
{
    *message = (struct message){.label = label_reply(OK, 1), .badge = message->badge, .word = {[0] = out->wait_us}};
}

MUST_CHECK static inline enum error pci_serve_quiesce(
    const struct pci_server_ops *ops, void *context, struct message *message)
{
    struct pci_quiesce_in in;
    struct pci_quiesce_out out = {0};
    enum error error;

    if (ops->quiesce == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_PCI, PCI_QUIESCE, 1))
        return ERR_LENGTH;
    if (message->word[0] > 15)
        return ERR_ARGUMENT;
    in = (struct pci_quiesce_in){.device = (uint32_t)message->word[0]};
    error = ops->quiesce(context, message->badge, &in, &out);
    if (error == OK)
        pci_quiesce_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of restore. */
static inline void pci_restore_reply(struct message *message)
{
    *message = (struct message){.label = label_reply(OK, 0), .badge = message->badge, .word = {0}};
}

MUST_CHECK static inline enum error pci_serve_restore(
    const struct pci_server_ops *ops, void *context, struct message *message)
{
    struct pci_restore_in in;
    enum error error;

    if (ops->restore == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_PCI, PCI_RESTORE, 1))
        return ERR_LENGTH;
    if (message->word[0] > 15)
        return ERR_ARGUMENT;
    in = (struct pci_restore_in){.device = (uint32_t)message->word[0]};
    error = ops->restore(context, message->badge, &in);
    if (error == OK)
        pci_restore_reply(message);
    return error == DEFER ? ERR_STATE : error;
}

/* Turn @message into the reply of status. */
static inline void pci_status_reply(struct message *message, const struct pci_status_out *out)
{
    *message = (struct message){.label = label_reply(OK, 9), .badge = message->badge, .word = {[0] = (uint64_t)out->presence, [1] = out->identity, [2] = out->fatal, [3] = out->nonfatal, [4] = out->correctable, [5] = out->port_fatal, [6] = out->port_nonfatal, [7] = out->port_correctable, [8] = out->source}};
}

MUST_CHECK static inline enum error pci_serve_status(
    const struct pci_server_ops *ops, void *context, struct message *message)
{
    struct pci_status_in in;
    struct pci_status_out out = {0};
    enum error error;

    if (ops->status == NULL)
        return ERR_METHOD;
    if (message->label != label_make(INTERFACE_PCI, PCI_STATUS, 1))
        return ERR_LENGTH;
    if (message->word[0] > 15)
        return ERR_ARGUMENT;
    in = (struct pci_status_in){.device = (uint32_t)message->word[0]};
    error = ops->status(context, message->badge, &in, &out);
    if (error == OK)
        pci_status_reply(message, &out);
    return error == DEFER ? ERR_STATE : error;
}

/* Check @message, call its handler and turn @message into the reply, unless the handler deferred it. */
MUST_CHECK static inline enum dispatch pci_dispatch(
    const struct pci_server_ops *ops, void *context, struct message *message)
{
    enum error error = ERR_METHOD;

    if (label_interface(message->label) != INTERFACE_PCI)
        error = ERR_INTERFACE;
    else
        switch (label_method(message->label)) {
        case PCI_QUIESCE: error = pci_serve_quiesce(ops, context, message); break;
        case PCI_RESTORE: error = pci_serve_restore(ops, context, message); break;
        case PCI_STATUS: error = pci_serve_status(ops, context, message); break;
        default: break;
        }
    if (error == DEFER)
        return DISPATCH_DEFER;
    if (error != OK)
        message_status(message, error);
    return DISPATCH_REPLY;
}

#endif
