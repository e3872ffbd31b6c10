#include "link.h"

#include "commands.h"
#include "json.h"
#include "report.h"

enum { EVENT_BYTES = 640, LINK_READ_BYTES = 64 };

static void link_send(struct mgmt *mgmt, const struct text *text)
{
    uart_write(&mgmt->com2, text->bytes, text->length);
    uart_pump(&mgmt->com2);
}

void link_boot_event(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    char name[NAME_BYTES];
    const struct system_totals totals = report_totals(mgmt, statuses);
    report_system_name(mgmt, name);
    struct json json = json_begin(&text);
    json_string(&json, "event", "boot");
    json_string(&json, "system", name);
    json_number(&json, "domains", totals.domains);
    json_number(&json, "capabilities", totals.capabilities);
    json_number(&json, "memory_kib", totals.memory_kib);
    json_end(&json);
    link_send(mgmt, &text);
}

void link_ready_event(struct mgmt *mgmt)
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "event", "ready");
    json_end(&json);
    link_send(mgmt, &text);
}

void link_domain_event(struct mgmt *mgmt, const struct domain *domain, const char *state, const char *reason)
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "event", "domain");
    json_string(&json, "name", domain->name);
    json_string(&json, "tenant", domain->tenant);
    json_string(&json, "state", state);
    json_string(&json, "reason", reason);
    json_end(&json);
    link_send(mgmt, &text);
}

void link_guest_event(struct mgmt *mgmt, const struct domain *domain, const struct guest_end *end)
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "event", "guest");
    json_string(&json, "name", domain_title(domain));
    json_string(&json, "state", end->state);
    json_number(&json, "value", end->value);
    json_string(&json, "reason", end->reason);
    json_end(&json);
    link_send(mgmt, &text);
}

void link_recovery_event(struct mgmt *mgmt, const struct device *device)
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "event", "recovered");
    json_string(&json, "name", device->driver->name);
    report_recovery(device, &json);
    json_end(&json);
    link_send(mgmt, &text);
}

void link_tenant_log(struct mgmt *mgmt, const struct domain *domain, const char *bytes, size_t count)
{
    char line[EVENT_BYTES];
    struct text text = text_over(line, sizeof(line));
    struct json json = json_begin(&text);
    json_string(&json, "event", "tenant-log");
    json_string(&json, "name", domain_title(domain));
    json_bytes(&json, "text", bytes, count);
    json_end(&json);
    link_send(mgmt, &text);
}

static void link_reply(struct mgmt *mgmt, const char *command, const char *error)
{
    char bytes[EVENT_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct json json = json_begin(&text);
    json_string(&json, "reply", command);
    json_bool(&json, "ok", error == NULL);
    if (error != NULL)
        json_string(&json, "error", error);
    json_end(&json);
    link_send(mgmt, &text);
}

static void link_reply_ps(struct mgmt *mgmt)
{
    char bytes[DOMAINS_MAX * 224 + DEVICES_MAX * 400];
    struct text text = text_over(bytes, sizeof(bytes));
    struct domain_status statuses[DOMAINS_MAX];
    report_statuses(mgmt, statuses, false);
    report_json(mgmt, statuses, &text);
    link_send(mgmt, &text);
}

static void link_line(struct mgmt *mgmt)
{
    const struct line *line = &mgmt->link_line;
    struct command command;
    const enum command_error error = command_parse(line->bytes, line->length, COMMAND_LINK, &command);
    if (error == COMMAND_EMPTY)
        return;
    if (error != COMMAND_OK)
        link_reply(mgmt, "?", command_error_text(error));
    else if (command.verb == COMMAND_PS)
        link_reply_ps(mgmt);
    else if (command.verb == COMMAND_QUIT) {
        link_reply(mgmt, "quit", NULL);
        link_reply(mgmt, "quit", commands_power_off(mgmt));
    } else
        link_reply(mgmt, command_verb_name(command.verb), commands_run(mgmt, &command, FOCUS_LINK_CONSOLE));
}

void link_input(struct mgmt *mgmt)
{
    uint8_t bytes[LINK_READ_BYTES];
    const size_t count = uart_read(&mgmt->com2, bytes, sizeof(bytes));
    for (size_t index = 0; index < count; index++) {
        const enum line_event event = line_put(&mgmt->link_line, bytes[index]);
        if (event == LINE_TOO_LONG)
            link_reply(mgmt, "?", "the line is longer than 255 bytes");
        if (event == LINE_DONE)
            link_line(mgmt);
        if (event == LINE_DONE || event == LINE_TOO_LONG)
            line_reset(&mgmt->link_line);
    }
}
