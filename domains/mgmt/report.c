#include "report.h"

#include <string.h>

#include <bulkhead/builder.h>
#include <resource.h>

#include "devices.h"

enum column_width {
    WIDTH_NAME = 18,
    WIDTH_ID = 4,
    WIDTH_STATE = 11,
    WIDTH_COUNT = 9,
    WIDTH_CAPABILITIES = 14,
    WIDTH_MEMORY = 11
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

void report_recovery(const struct device *device, struct json *json)
{
    json_string(json, "stage", stage_name(device->stage));
    json_string(json, "cause", device->cause);
    json_number(json, "recovered", device->recovered);
    json_member_begin(json, "us");
    for (enum stage stage = STAGE_STOP; stage <= STAGE_REPLAY; stage++)
        json_number(json, stage_name(stage), device->stage_us[stage]);
    json_number(json, "total", device->total_us);
    json_object_end(json);
}

static void json_device(struct mgmt *mgmt, const struct domain *domain, struct json *json)
{
    const struct device *const device = device_of_driver(mgmt, domain);
    if (device == NULL)
        return;
    json_member_begin(json, "restart");
    report_recovery(device, json);
    json_object_end(json);
}

void report_json(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX], struct text *text)
{
    struct json json = json_begin(text);
    json_string(&json, "reply", "ps");
    json_bool(&json, "ok", true);
    json_array_begin(&json, "domains");
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        const struct domain *const domain = &mgmt->domains[index];
        json_object_begin(&json);
        json_string(&json, "name", domain->name);
        json_string(&json, "tenant", domain->tenant);
        json_number(&json, "id", domain->id);
        json_string(&json, "state", state_name(domain, &statuses[index]));
        json_number(&json, "capabilities", statuses[index].capabilities);
        json_number(&json, "memory_kib", statuses[index].memory_kib);
        json_number(&json, "restarts", statuses[index].restarts);
        json_number(&json, "threads", statuses[index].threads);
        json_device(mgmt, domain, &json);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_end(&json);
}
