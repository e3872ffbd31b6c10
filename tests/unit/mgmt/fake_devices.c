#include "fake_devices.h"

#include <bulkhead/service.h>

#include "check.h"
#include "devices.h"
#include "fake_machine.h"
#include "health.h"
#include "registry.h"

struct fake_devices fake_devices;

static const char DOMAINS[] = "0 mgmt - always/5\n1 blkdrv - on-failure/3\n2 blkvirt - on-failure/5\n"
                              "3 netdrv - never\n4 netvirt - on-failure/5\n";
static const char DEVICES[] = "blkdrv blkvirt 0\nnetdrv netvirt 1\n";

static void remember(enum fake_call call)
{
    CHECK(fake_devices.called < FAKE_CALLS);
    fake_devices.calls[fake_devices.called++] = call;
}

static struct fake_device *of(const struct device *device)
{
    return &fake_devices.device[device->index];
}

enum error device_quiesce(struct mgmt *mgmt, const struct device *device, uint32_t *wait_us)
{
    (void)mgmt;
    remember(CALL_QUIESCE);
    *wait_us = of(device)->wait_us;
    return of(device)->quiesce;
}

enum error device_restore(struct mgmt *mgmt, const struct device *device)
{
    (void)mgmt;
    remember(CALL_RESTORE);
    if (of(device)->restore_agains == 0)
        return of(device)->restore;
    of(device)->restore_agains--;
    return ERR_AGAIN;
}

enum error device_health(struct mgmt *mgmt, const struct device *device, struct health *health)
{
    (void)mgmt;
    *health = of(device)->says;
    return of(device)->health;
}

enum error device_park(struct mgmt *mgmt, const struct device *device, bool parked)
{
    (void)mgmt;
    remember(parked ? CALL_PARK : CALL_UNPARK);
    return of(device)->park;
}

enum error device_fault_take(struct mgmt *mgmt, const struct device *device, struct device_fault *fault)
{
    (void)mgmt;
    *fault = of(device)->fault;
    of(device)->fault.count = 0;
    return OK;
}

enum error device_status_take(struct mgmt *mgmt, const struct device *device, struct device_status *status)
{
    (void)mgmt;
    of(device)->looks++;
    *status = of(device)->reports;
    if (of(device)->status == OK)
        of(device)->reports.device = of(device)->reports.port = (struct device_errors){0};
    return of(device)->status;
}

enum error device_ask_word(struct mgmt *mgmt, const struct device *device, struct device_word *word)
{
    (void)mgmt;
    *word = of(device)->word;
    return of(device)->ask_word;
}

const char *device_error_name(enum error error)
{
    return error == ERR_UNSUPPORTED ? "unsupported" : "again";
}

/* Builder's answers, seen by the fake machine, in the same list. */
static void asked(enum builder_verb verb)
{
    static const enum fake_call calls[] = {
        [ASK_STOP] = CALL_STOP, [ASK_RESTART] = CALL_RESTART, [ASK_DESTROY] = CALL_DESTROY};
    remember(calls[verb]);
}

void fake_devices_start(void)
{
    struct mgmt *const mgmt = &fake.mgmt;
    uint32_t bad_line;
    fake_start();
    memset(&fake_devices, 0, sizeof(fake_devices));
    memset(mgmt->domains, 0, sizeof(mgmt->domains));
    CHECK(registry_parse(DOMAINS, sizeof(DOMAINS) - 1, mgmt->domains, DOMAINS_MAX, &mgmt->domain_count,
                         &bad_line));
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        history_init(&mgmt->domains[index].log.history, mgmt->domains[index].log.kept, LOG_HISTORY_BYTES);
    CHECK(devices_parse(mgmt, DEVICES, sizeof(DEVICES) - 1, &bad_line));
    for (uint32_t index = 0; index < mgmt->device_count; index++)
        mgmt->devices[index].service_slot = 10 + index;
    fake.on_ask = asked;
    fake.now_ns = 1000000000;
    health_open(mgmt);
}
