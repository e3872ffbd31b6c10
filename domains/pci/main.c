/* pci: one image, two roles. With the configuration ports it scans once and ends; without them it keeps the devices. */
#include <builder_client.h>
#include <clock.h>
#include <panic.h>
#include <resource.h>
#include <start.h>
#include <stubs.h>

#include "keeper.h"
#include "scan.h"

/* [Q35] as every firmware for QEMU's machine sets it; a description of another machine says `ecam`. */
static const uint64_t ECAM_BASE = 0xb0000000;

enum { ERRORS_IN_A_ROW = 1000, REST_US = 1000 * 1000 };

static uint32_t optional_slot(const struct domain_info *info, const char *name, uint16_t kind)
{
    const struct resource *const found = resource_find(info, name);
    return found != NULL && found->kind == kind ? found->slot : 0;
}

/* builder destroys the domain once it has the verdict. */
static _Noreturn void run_scan(const struct machine *machine, struct devices *devices,
                               const struct domain_info *info)
{
    const uint32_t builder = resource_slot(info, "builder", RESOURCE_KIND_ENDPOINT);
    uint32_t status = (uint32_t)describe(devices, info);
    if (status == 0)
        status = scan(machine, devices, resource_number(info, "ecam", ECAM_BASE));
    (void)!builder_finished(builder, DEADLINE_NEVER, status);
    for (;;)
        machine_rest_us(machine, REST_US);
}

static enum dispatch serve(struct keeper *keeper, struct message *message)
{
    if (label_interface(message->label) == INTERFACE_NOTIFICATION)
        return DISPATCH_DEFER;
    return pci_dispatch(&keeper_ops, keeper, message);
}

static _Noreturn void run_keeper(struct keeper *keeper, uint32_t endpoint)
{
    struct message message = {0};
    enum dispatch next = DISPATCH_DEFER;
    unsigned errors = 0;
    for (;;) {
        const enum error error = next == DISPATCH_REPLY
                                     ? endpoint_reply_wait(endpoint, DEADLINE_NEVER, &message)
                                     : endpoint_wait(endpoint, DEADLINE_NEVER, &message);
        next = DISPATCH_DEFER;
        if (error == OK) {
            next = serve(keeper, &message);
            errors = 0;
        } else if (error != ERR_PEER && ++errors == ERRORS_IN_A_ROW) {
            panic("waiting on the endpoint failed: error %u", (unsigned)error);
        }
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    /* The only instances; everything else gets a pointer. */
    static struct machine machine;
    static struct devices devices;
    static struct keeper keeper;
    require(thread == 0);
    machine.tsc_khz = info->tsc_khz;
    machine.ports_slot = optional_slot(info, "config-ports", RESOURCE_KIND_IOPORT);
    machine.bell_slot = optional_slot(info, "bell", RESOURCE_KIND_NOTIF);
    if (machine.ports_slot != 0)
        run_scan(&machine, &devices, info);
    if (describe(&devices, info) != PROBLEM_NONE)
        panic("the description of the devices is wrong");
    keeper_open(&keeper, &machine, &devices);
    run_keeper(&keeper, resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT));
}
