#include "device_calls.h"

#include <builder_client.h>
#include <clock.h>
#include <error_name.h>
#include <pci_client.h>
#include <service_client.h>

#include "kernel_calls.h"

/* One answer: these servers only look things up. A dead one costs mgmt this much, not more. */
static const uint64_t SERVER_PATIENCE_NS = 50ull * 1000 * 1000;

/* pci gives a device up to 100 ms for its transactions, and what it has done it does not do again. */
static const uint64_t PCI_PATIENCE_NS = 500ull * 1000 * 1000;

static uint64_t patience(const struct mgmt *mgmt)
{
    return clock_deadline_after(SERVER_PATIENCE_NS, mgmt->info->tsc_khz);
}

static uint64_t pci_patience(const struct mgmt *mgmt)
{
    return clock_deadline_after(PCI_PATIENCE_NS, mgmt->info->tsc_khz);
}

enum error device_quiesce(struct mgmt *mgmt, const struct device *device, uint32_t *wait_us)
{
    return pci_quiesce(mgmt->pci_slot, pci_patience(mgmt), device->index, wait_us);
}

enum error device_restore(struct mgmt *mgmt, const struct device *device)
{
    return pci_restore(mgmt->pci_slot, pci_patience(mgmt), device->index);
}

/* A virtualiser waits on its bell, where its work comes from, and listens to calls only when it was told that one comes. It
 * stands above us: it listens when this returns, or as soon as it runs again. */
static void announce(const struct device *device)
{
    if (device->call_slot != 0)
        kernel_signal(device->call_slot, device->call_bits);
}

enum error device_health(struct mgmt *mgmt, const struct device *device, struct health *health)
{
    enum service_verdict verdict = SERVICE_VERDICT_WELL;
    announce(device);
    const enum error error =
        service_health(device->service_slot, patience(mgmt), &verdict, &health->epoch, &health->in_flight,
                       &health->replayed, &health->completed, &health->corruptions);
    health->verdict = (uint8_t)verdict;
    return error;
}

enum error device_park(struct mgmt *mgmt, const struct device *device, bool parked)
{
    announce(device);
    return service_park(device->service_slot, patience(mgmt), parked);
}

enum error device_status_take(struct mgmt *mgmt, const struct device *device, struct device_status *status)
{
    enum pci_presence presence = PCI_PRESENCE_GONE;
    struct device_errors *const own = &status->device, *const port = &status->port;
    uint32_t source; /* the port's one device is the only one that can report to it */
    const enum error error = pci_status(mgmt->pci_slot, patience(mgmt), device->index, &presence,
                                        &status->identity, &own->fatal, &own->nonfatal, &own->correctable,
                                        &port->fatal, &port->nonfatal, &port->correctable, &source);
    status->presence = (uint8_t)presence;
    return error;
}

enum error device_ask_word(struct mgmt *mgmt, const struct device *device, struct device_word *word)
{
    enum service_link link = SERVICE_LINK_NONE;
    announce(device);
    const enum error error = service_device(device->service_slot, patience(mgmt), &link, &word->speed_mbit,
                                            &word->warnings, &word->temperature_k, &word->spare_percent,
                                            &word->used_percent, &word->resets, &word->errors);
    word->link = (uint8_t)link;
    return error;
}

enum error device_fault_take(struct mgmt *mgmt, const struct device *device, struct device_fault *fault)
{
    return builder_device_fault(mgmt->builder_slot, patience(mgmt), device->driver->id, &fault->count,
                                &fault->reason, &fault->address, &fault->source);
}

const char *device_error_name(enum error error)
{
    return error_name(error);
}
