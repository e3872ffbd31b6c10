#include "health.h"

#include <string.h>

#include <bulkhead/pci.h>
#include <bulkhead/service.h>

#include "aer.h"
#include "device_calls.h"
#include "link.h"
#include "logs.h"
#include "recovery.h"

static const uint64_t PERIOD_NS = 1000ull * 1000 * 1000;
/* Lines about one device: so many at once, then one each so long. What is left out stands in the counts. */
enum { LINES_BURST = 8, WHAT_BYTES = REPORT_BYTES };
static const uint64_t LINE_NS = 10ull * 1000 * 1000 * 1000;

void health_open(struct mgmt *mgmt)
{
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    mgmt->health_due_ns = now_ns + PERIOD_NS;
    for (uint32_t index = 0; index < mgmt->device_count; index++)
        bucket_init(&mgmt->devices[index].report.lines, LINES_BURST, LINE_NS, now_ns);
}

static void say(struct mgmt *mgmt, struct device *device, const char *what)
{
    struct device_report *const report = &device->report;
    char bytes[WHAT_BYTES + NAME_BYTES + 40];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    if (!bucket_take(&report->lines, mgmt_now_ns(mgmt))) {
        report->unsaid++;
        return;
    }
    text_string(&text, device->driver->name);
    text_string(&text, ": ");
    text_string(&text, what);
    if (report->unsaid != 0) {
        text_string(&text, "; not shown before: ");
        text_number(&text, report->unsaid);
    }
    report->unsaid = 0;
    bytes[text.length] = '\0';
    logs_note(mgmt, "mgmt", bytes);
    link_device_event(mgmt, device, what);
}

/* ------------------------------------------------------------------ the bus */

enum severity { CORRECTABLE, NONFATAL, FATAL };

static uint32_t count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* "fatal error of its root port: malformed TLP" */
static void take_kind(struct mgmt *mgmt, struct device *device, enum severity severity, const char *whose,
                      uint32_t bits, uint64_t *count)
{
    static const char *const names[] = {
        [CORRECTABLE] = "correctable", [NONFATAL] = "non-fatal", [FATAL] = "fatal"};
    char *const what = device->report.last_error;
    struct text text = text_over(what, WHAT_BYTES - 1);
    if (bits == 0)
        return;
    *count += count_bits(bits);
    text_string(&text, names[severity]);
    text_string(&text, " error of its ");
    text_string(&text, whose);
    text_string(&text, ": ");
    aer_names(&text, severity == CORRECTABLE, bits);
    what[text.length] = '\0';
    say(mgmt, device, what);
}

/* The worst last: it is the one that is kept in words. */
static void take_errors(struct mgmt *mgmt, struct device *device, const struct device_status *status)
{
    struct device_report *const report = &device->report;
    const struct {
        const char *whose;
        uint64_t *count;
        enum severity severity;
        uint32_t bits;
    } kinds[] = {
        {"root port", &report->port_errors.correctable, CORRECTABLE, status->port.correctable},
        {"device", &report->errors.correctable, CORRECTABLE, status->device.correctable},
        {"root port", &report->port_errors.nonfatal, NONFATAL, status->port.nonfatal},
        {"device", &report->errors.nonfatal, NONFATAL, status->device.nonfatal},
        {"root port", &report->port_errors.fatal, FATAL, status->port.fatal},
        {"device", &report->errors.fatal, FATAL, status->device.fatal},
    };
    for (size_t index = 0; index < sizeof(kinds) / sizeof(kinds[0]); index++)
        take_kind(mgmt, device, kinds[index].severity, kinds[index].whose, kinds[index].bits,
                  kinds[index].count);
}

void health_take_errors(struct mgmt *mgmt, struct device *device)
{
    struct device_status status;
    if (device_status_take(mgmt, device, &status) == OK)
        take_errors(mgmt, device, &status);
}

/* Why a device cannot go on serving; NULL: it can. */
static const char *complaint(const struct device *device, const struct device_status *status)
{
    switch ((enum pci_presence)status->presence) {
    case PCI_PRESENCE_STOPPED:
        return "its device was found stopped";
    case PCI_PRESENCE_GONE:
        return "its device has gone";
    case PCI_PRESENCE_RESET:
        return "its device was reset from elsewhere";
    case PCI_PRESENCE_CHANGED:
        return "another device stands in the place of its own";
    case PCI_PRESENCE_SERVING:
        break;
    }
    return (status->device.fatal | status->port.fatal) != 0 ? device->report.last_error : NULL;
}

/* False: pci does not answer, and the next device need not be asked for. */
static bool look_at_bus(struct mgmt *mgmt, struct device *device)
{
    struct device_report *const report = &device->report;
    struct device_status status;
    if (device_status_take(mgmt, device, &status) != OK)
        return false;
    report->known = true;
    report->presence = status.presence;
    report->identity = status.identity != 0 ? status.identity : report->identity;
    take_errors(mgmt, device, &status);
    const char *const why = complaint(device, &status);
    if (why != NULL)
        (void)recovery_begin(mgmt, device, ENDING_FAULT, why);
    return true;
}

/* ------------------------------------------------------------------ the driver's word */

void health_warnings(struct text *text, uint8_t warnings)
{
    static const struct {
        enum service_warning bit;
        const char *name;
    } names[] = {
        {SERVICE_WARNING_SPARE, "little spare left"},
        {SERVICE_WARNING_TEMPERATURE, "temperature"},
        {SERVICE_WARNING_RELIABILITY, "reliability"},
        {SERVICE_WARNING_READ_ONLY, "read only"},
        {SERVICE_WARNING_VOLATILE_MEMORY, "its memory backup"},
        {SERVICE_WARNING_PERSISTENT_MEMORY, "its persistent memory"},
    };
    bool first = true;
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        if ((warnings & names[index].bit) == 0)
            continue;
        text_string(text, first ? "" : ", ");
        text_string(text, names[index].name);
        first = false;
    }
}

static void say_warnings(struct mgmt *mgmt, struct device *device, const struct device_word *word)
{
    char bytes[WHAT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, word->warnings != 0 ? "its disk warns of: " : "its disk warns of nothing any more");
    health_warnings(&text, word->warnings);
    text_string(&text, "; ");
    text_number(&text, word->temperature_k);
    text_string(&text, " K, spare ");
    text_number(&text, word->spare_percent);
    text_string(&text, "%, used ");
    text_number(&text, word->used_percent);
    text_string(&text, "%");
    bytes[text.length] = '\0';
    say(mgmt, device, bytes);
}

static void say_link(struct mgmt *mgmt, struct device *device, const struct device_word *word)
{
    char bytes[WHAT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    text_string(&text, word->link == SERVICE_LINK_UP ? "link up, " : "link down");
    if (word->link == SERVICE_LINK_UP) {
        text_number(&text, word->speed_mbit);
        text_string(&text, " Mbit/s");
    }
    bytes[text.length] = '\0';
    say(mgmt, device, bytes);
}

/* A link that is up from the first is no news. A driver that is not there yet says nothing of its link. */
static void take_word(struct mgmt *mgmt, struct device *device, struct device_word word)
{
    const struct device_word before = device->report.word;
    if (word.link == SERVICE_LINK_NONE)
        word.link = before.link;
    device->report.word = word;
    if (word.link != before.link && (before.link != SERVICE_LINK_NONE || word.link == SERVICE_LINK_DOWN))
        say_link(mgmt, device, &word);
    if (word.warnings != before.warnings)
        say_warnings(mgmt, device, &word);
    if (word.resets > before.resets)
        say(mgmt, device, "its driver has reset the device, which goes on");
}

static void look_at_word(struct mgmt *mgmt, struct device *device)
{
    struct device_word word;
    if (device->service_slot == 0 || device_ask_word(mgmt, device, &word) != OK)
        return;
    take_word(mgmt, device, word);
    device->report.word_known = true;
}

/* ------------------------------------------------------------------ */

/* The operator's pause, a restart, a device that is parked: nobody is asked then. */
static bool serves(const struct device *device)
{
    return device->stage == STAGE_SERVING && device->driver->view == VIEW_RUNNING;
}

uint64_t health_work(struct mgmt *mgmt)
{
    bool pci_answers = true;
    if (mgmt->device_count == 0)
        return UINT64_MAX;
    if (mgmt_now_ns(mgmt) < mgmt->health_due_ns)
        return mgmt->health_due_ns;
    for (uint32_t index = 0; index < mgmt->device_count; index++) {
        struct device *const device = &mgmt->devices[index];
        if (serves(device) && device->on_pci && pci_answers)
            pci_answers = look_at_bus(mgmt, device);
        if (serves(device))
            look_at_word(mgmt, device);
    }
    mgmt->health_due_ns = mgmt_now_ns(mgmt) + PERIOD_NS;
    return mgmt->health_due_ns;
}

const char *health_presence_name(const struct device *device)
{
    static const char *const names[] = {
        [PCI_PRESENCE_SERVING] = "serving", [PCI_PRESENCE_STOPPED] = "stopped", [PCI_PRESENCE_GONE] = "gone",
        [PCI_PRESENCE_RESET] = "reset",     [PCI_PRESENCE_CHANGED] = "changed",
    };
    const struct device_report *const report = &device->report;
    if (!device->on_pci)
        return "";
    if (device->stage != STAGE_SERVING)
        return "stopped";
    return report->known && report->presence <= PCI_PRESENCE_CHANGED ? names[report->presence] : "unknown";
}

const char *health_link_name(const struct device *device)
{
    switch ((enum service_link)device->report.word.link) {
    case SERVICE_LINK_UP:
        return "up";
    case SERVICE_LINK_DOWN:
        return "down";
    case SERVICE_LINK_NONE:
        break;
    }
    return "none";
}
