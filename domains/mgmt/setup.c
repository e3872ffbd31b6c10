#include "setup.h"

#include <string.h>

#include <bulkhead/builder.h>
#include <bulkhead/tenant.h>
#include <panic.h>
#include <resource.h>

#include "builder_calls.h"
#include "console.h"
#include "devices.h"
#include "health.h"
#include "lifecycle.h"
#include "link.h"
#include "recovery.h"
#include "registry.h"
#include "report.h"
#include "tenant.h"
#include "terminal.h"

static const uint64_t NS_PER_SECOND = 1000000000;

/* "log-" + "vmm-a". */
static const struct resource *find_for(const struct mgmt *mgmt, const char *prefix, const char *name,
                                       uint16_t kind)
{
    char bytes[2 * NAME_BYTES];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, prefix);
    text_string(&text, name);
    bytes[text.length] = '\0';
    const struct resource *const found =
        text.length <= sizeof(found->name) ? resource_find(mgmt->info, bytes) : NULL;
    return found != NULL && found->kind == kind ? found : NULL;
}

static struct console_channel *channel_of(const struct resource *resource)
{
    if (resource == NULL || resource->bytes < sizeof(struct console_channel))
        return NULL;
    return (struct console_channel *)(uintptr_t)resource->address;
}

static struct console *free_console(struct mgmt *mgmt)
{
    for (size_t index = 0; index < CONSOLES_MAX; index++)
        if (mgmt->consoles[index].channel == NULL)
            return &mgmt->consoles[index];
    return NULL;
}

static void setup_console(struct mgmt *mgmt, struct domain *domain)
{
    struct console_channel *const channel =
        channel_of(find_for(mgmt, "console-", domain->tenant, RESOURCE_KIND_REGION));
    const struct resource *const bell = find_for(mgmt, "bell-", domain->tenant, RESOURCE_KIND_NOTIF);
    struct console *const console = free_console(mgmt);
    if (domain->tenant[0] == '\0' || channel == NULL || console == NULL)
        return;
    console_open(console, channel, bell != NULL ? bell->slot : 0, bell != NULL ? (uint32_t)bell->extra : 0);
    domain->console = console;
}

static void setup_domain(struct mgmt *mgmt, struct domain *domain)
{
    domain->view = VIEW_RUNNING;
    bucket_init(&domain->bucket, LOG_BURST, NS_PER_SECOND / LOG_PER_SECOND, mgmt_now_ns(mgmt));
    history_init(&domain->log.history, domain->log.kept, LOG_HISTORY_BYTES);
    domain->log_channel = channel_of(find_for(mgmt, "log-", domain->name, RESOURCE_KIND_REGION));
    if (domain->log_channel != NULL)
        ring_open_reader(&domain->log_ring, domain->log_channel, RING_END_B);
    setup_console(mgmt, domain);
    events_add(&domain->events, LIFECYCLE_STARTED);
}

static void setup_domains(struct mgmt *mgmt)
{
    uint64_t bytes;
    uint32_t bad_line;
    const char *const text = resource_text(mgmt->info, "domains", &bytes);
    if (text == NULL ||
        !registry_parse(text, (size_t)bytes, mgmt->domains, DOMAINS_MAX, &mgmt->domain_count, &bad_line))
        panic("the description's text `domains` is missing or wrong");
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        setup_domain(mgmt, &mgmt->domains[index]);
}

static void setup_port(struct mgmt *mgmt, struct uart *uart, const char *name, const char *irq_name,
                       size_t which)
{
    const struct resource *const port = resource_find(mgmt->info, name);
    const struct resource *const irq = resource_find(mgmt->info, irq_name);
    const bool present = port != NULL && port->kind == RESOURCE_KIND_IOPORT;
    uart_init(uart, present ? port->slot : 0, present ? (uint16_t)port->extra : 0);
    mgmt->irq_slots[which] = irq != NULL && irq->kind == RESOURCE_KIND_IRQ ? irq->slot : 0;
}

static uint32_t endpoint_called(const struct mgmt *mgmt, const char *name)
{
    const struct resource *const endpoint = resource_find(mgmt->info, name);
    return endpoint != NULL && endpoint->kind == RESOURCE_KIND_ENDPOINT ? endpoint->slot : 0;
}

static void setup_virtualiser(struct mgmt *mgmt, struct device *device)
{
    const char *const name = device->virtualiser->name;
    const struct resource *const bell = find_for(mgmt, "call-", name, RESOURCE_KIND_NOTIF);
    device->service_slot = endpoint_called(mgmt, name);
    if (bell != NULL) {
        device->call_slot = bell->slot;
        device->call_bits = (uint32_t)bell->extra;
    }
}

static void setup_devices(struct mgmt *mgmt)
{
    uint64_t bytes;
    uint32_t bad_line;
    const char *const text = resource_text(mgmt->info, "devices", &bytes);
    mgmt->pci_slot = endpoint_called(mgmt, "pci");
    if (text != NULL && !devices_parse(mgmt, text, (size_t)bytes, &bad_line))
        panic("line %u of the description's text `devices` is wrong", (unsigned)bad_line);
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        if (device->virtualiser != NULL)
            setup_virtualiser(mgmt, device);
    }
    health_open(mgmt);
}

static void take_over_devices(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        const struct domain_status *const status = &statuses[device->driver - mgmt->domains];
        if (status->known)
            recovery_take_over(mgmt, device, status->state == DOMAIN_STATE_RUNNING);
    }
}

static void setup_focus(struct mgmt *mgmt)
{
    char name[NAME_BYTES];
    uint64_t bytes;
    const char *const text = resource_text(mgmt->info, "focus", &bytes);
    if (text == NULL || bytes == 0 || bytes >= NAME_BYTES)
        return;
    memcpy(name, text, (size_t)bytes);
    name[bytes] = '\0';
    struct domain *const domain = mgmt_domain_by_name(mgmt, name);
    if (domain != NULL && domain->console != NULL)
        terminal_to_console(mgmt, domain, FOCUS_LINK_CONSOLE);
}

void setup(struct mgmt *mgmt, const struct domain_info *info)
{
    mgmt->info = info;
    mgmt->endpoint_slot = resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT);
    mgmt->bell_slot = resource_slot(info, "bell", RESOURCE_KIND_NOTIF);
    mgmt->builder_slot = resource_slot(info, "builder", RESOURCE_KIND_ENDPOINT);
    history_init(&mgmt->merged_log, mgmt->merged_kept, MERGED_LOG_BYTES);
    setup_port(mgmt, &mgmt->com1, "com1", "com1-irq", 0);
    setup_port(mgmt, &mgmt->com2, "com2", "com2-irq", 1);
    setup_domains(mgmt);
    setup_devices(mgmt);
    setup_focus(mgmt);
}

void setup_announce(struct mgmt *mgmt)
{
    struct domain_status statuses[DOMAINS_MAX];
    report_statuses(mgmt, statuses, true);
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        if (statuses[index].known && statuses[index].state == 1 /* described as not started */)
            mgmt->domains[index].view = VIEW_STOPPED;
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        if (mgmt->domains[index].policy.kind == POLICY_ONCE)
            mgmt->domains[index].view = VIEW_FINISHED;
    take_over_devices(mgmt, statuses);
    link_boot_event(mgmt, statuses);
    link_ready_event(mgmt);
    terminal_summary(mgmt, statuses);
    uart_pump(&mgmt->com1);
}
