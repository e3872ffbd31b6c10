#include "report.h"

#include <string.h>

#include <bulkhead/builder.h>
#include <bulkhead/mgmt.h>
#include <bulkhead/service.h>
#include <resource.h>

#include "devices.h"
#include "health.h"

_Static_assert(STAGE_REPLAY - STAGE_STOP == LINK_STAGE_REPLAY && (int)LINK_STAGE_STOP == 0,
               "the stages that have a time are those of the link, in its order");

enum column_width {
    WIDTH_NAME = 18,
    WIDTH_ID = 4,
    WIDTH_STATE = 11,
    WIDTH_COUNT = 9,
    WIDTH_CAPABILITIES = 14,
    WIDTH_MEMORY = 11,
    WIDTH_LINK = 6
};

void report_statuses(struct mgmt *mgmt, struct domain_status statuses[DOMAINS_MAX], bool patient)
{
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        statuses[index] = builder_status(mgmt, mgmt->domains[index].id, patient);
}

struct system_totals report_totals(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    struct system_totals totals = {.domains = mgmt->domain_count};
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        const bool finished = mgmt->domains[index].view == VIEW_FINISHED;
        if (!statuses[index].known || (statuses[index].state == DOMAIN_STATE_DEAD && !finished))
            totals.failed++;
        totals.capabilities += statuses[index].capabilities;
        totals.memory_kib += statuses[index].memory_kib;
    }
    return totals;
}

void report_system_name(const struct mgmt *mgmt, char name[NAME_BYTES])
{
    uint64_t length;
    const char *const bytes = resource_text(mgmt->info, "system", &length);
    if (bytes == NULL || length >= NAME_BYTES) {
        memcpy(name, "?", 2);
        return;
    }
    memcpy(name, bytes, length);
    name[length] = '\0';
}

void report_summary(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                    struct text *text)
{
    const struct system_totals totals = report_totals(mgmt, statuses);
    char name[NAME_BYTES];
    report_system_name(mgmt, name);
    text_string(text, "bulkhead: ");
    text_string(text, name);
    text_string(text, ": ");
    text_number(text, totals.domains);
    text_string(text, totals.domains == 1 ? " domain, " : " domains, ");
    text_number(text, totals.failed);
    text_string(text, " failed, ");
    text_number(text, totals.capabilities);
    text_string(text, " capabilities, ");
    text_size_right(text, totals.memory_kib, 0);
    text_string(text, "\n");
}

/* mgmt's word where it knows more (paused, parked), builder's otherwise. */
static const char *state_name(const struct domain *domain, const struct domain_status *status)
{
    static const char *const builder_names[] = {"absent", "stopped", "running", "dead"};
    if (!status->known)
        return "unknown";
    if (domain->view != VIEW_RUNNING)
        return domain_view_name(domain->view);
    return status->state < sizeof(builder_names) / sizeof(builder_names[0]) ? builder_names[status->state]
                                                                            : "unknown";
}

static void table_row(const struct domain *domain, const struct domain_status *status, struct text *text)
{
    text_string(text, "  ");
    text_left(text, domain->name, WIDTH_NAME);
    text_left(text, domain->tenant[0] != '\0' ? domain->tenant : "-", WIDTH_NAME);
    text_number_right(text, domain->id, WIDTH_ID - 2);
    text_string(text, "  ");
    text_left(text, state_name(domain, status), WIDTH_STATE - 1);
    text_number_right(text, status->threads, WIDTH_COUNT - 1);
    text_number_right(text, status->capabilities, WIDTH_CAPABILITIES);
    text_size_right(text, status->memory_kib, WIDTH_MEMORY);
    text_number_right(text, status->restarts, WIDTH_COUNT + 1);
    text_byte(text, '\n');
}

void report_table(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                  struct text *text)
{
    text_string(text, "  ");
    text_left(text, "domain", WIDTH_NAME);
    text_left(text, "tenant", WIDTH_NAME);
    text_right(text, "id", WIDTH_ID - 2);
    text_string(text, "  ");
    text_left(text, "state", WIDTH_STATE - 1);
    text_right(text, "threads", WIDTH_COUNT - 1);
    text_right(text, "capabilities", WIDTH_CAPABILITIES);
    text_right(text, "memory", WIDTH_MEMORY);
    text_right(text, "restarts", WIDTH_COUNT + 1);
    text_byte(text, '\n');
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        table_row(&mgmt->domains[index], &statuses[index], text);
}

static void device_row(const struct device *device, struct text *text)
{
    const struct device_report *const report = &device->report;
    const struct device_word *const word = &report->word;
    const char *const presence = health_presence_name(device);
    text_string(text, "  ");
    text_left(text, device->driver->name, WIDTH_NAME);
    text_left(text, presence[0] != '\0' ? presence : "-", WIDTH_STATE - 1);
    text_left(text, word->link != SERVICE_LINK_NONE ? health_link_name(device) : "-", WIDTH_LINK);
    text_number_right(text, report->errors.fatal + report->port_errors.fatal, WIDTH_COUNT - 2);
    text_number_right(text, report->errors.nonfatal + report->port_errors.nonfatal, WIDTH_COUNT + 2);
    text_number_right(text, report->errors.correctable + report->port_errors.correctable, WIDTH_CAPABILITIES);
    text_number_right(text, word->resets, WIDTH_COUNT);
    text_number_right(text, word->errors, WIDTH_COUNT);
    text_string(text, "  ");
    if (word->warnings == 0)
        text_byte(text, '-');
    health_warnings(text, word->warnings);
    text_byte(text, '\n');
}

void report_devices(const struct mgmt *mgmt, struct text *text)
{
    if (mgmt->device_count == 0)
        return;
    text_string(text, "\n  ");
    text_left(text, "device of", WIDTH_NAME);
    text_left(text, "is", WIDTH_STATE - 1);
    text_left(text, "link", WIDTH_LINK);
    text_right(text, "fatal", WIDTH_COUNT - 2);
    text_right(text, "non-fatal", WIDTH_COUNT + 2);
    text_right(text, "correctable", WIDTH_CAPABILITIES);
    text_right(text, "resets", WIDTH_COUNT);
    text_right(text, "failed", WIDTH_COUNT);
    text_string(text, "  warns of\n");
    for (uint32_t index = 0; index < mgmt->device_count; index++)
        device_row(&mgmt->devices[index], text);
}

void report_restart(const struct device *device, struct cbor_writer *writer)
{
    enum { FIELDS = 5, TIMES = LINK_STAGE_TOTAL + 1 };
    cbor_array(writer, FIELDS);
    cbor_text(writer, stage_name(device->stage));
    cbor_text(writer, device->cause);
    cbor_number(writer, device->recovered);
    cbor_number(writer, device->in_flight);
    cbor_array(writer, TIMES);
    for (enum stage stage = STAGE_STOP; stage <= STAGE_REPLAY; stage++)
        cbor_number(writer, device->stage_us[stage]);
    cbor_number(writer, device->total_us);
}

static void report_counts(const struct error_counts *counts, struct cbor_writer *writer)
{
    cbor_array(writer, 3);
    cbor_number(writer, counts->fatal);
    cbor_number(writer, counts->nonfatal);
    cbor_number(writer, counts->correctable);
}

static void report_word(const struct device *device, struct cbor_writer *writer)
{
    const struct device_word *const word = &device->report.word;
    cbor_array(writer, 8);
    cbor_text(writer, health_link_name(device));
    cbor_number(writer, word->speed_mbit);
    cbor_number(writer, word->warnings);
    cbor_number(writer, word->temperature_k);
    cbor_number(writer, word->spare_percent);
    cbor_number(writer, word->used_percent);
    cbor_number(writer, word->resets);
    cbor_number(writer, word->errors);
}

void report_device(const struct device *device, struct cbor_writer *writer)
{
    const struct device_report *const report = &device->report;
    cbor_array(writer, 6);
    cbor_text(writer, health_presence_name(device));
    cbor_number(writer, report->identity);
    report_counts(&report->errors, writer);
    report_counts(&report->port_errors, writer);
    cbor_text(writer, report->last_error);
    if (report->word_known && device->stage == STAGE_SERVING)
        report_word(device, writer);
    else
        cbor_null(writer);
}

static void report_domain(struct mgmt *mgmt, const struct domain *domain, const struct domain_status *status,
                          struct cbor_writer *writer)
{
    enum { FIELDS = 10 };
    const struct device *const device = device_of_driver(mgmt, domain);
    cbor_array(writer, FIELDS);
    cbor_text(writer, domain->name);
    cbor_text(writer, domain->tenant);
    cbor_number(writer, domain->id);
    cbor_text(writer, state_name(domain, status));
    cbor_number(writer, status->capabilities);
    cbor_number(writer, status->memory_kib);
    cbor_number(writer, status->restarts);
    cbor_number(writer, status->threads);
    if (device != NULL && device->began_ns != 0)
        report_restart(device, writer);
    else
        cbor_null(writer);
    if (device != NULL)
        report_device(device, writer);
    else
        cbor_null(writer);
}

void report_domains(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                    struct cbor_writer *writer)
{
    cbor_array(writer, mgmt->domain_count);
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        report_domain(mgmt, &mgmt->domains[index], &statuses[index], writer);
}
