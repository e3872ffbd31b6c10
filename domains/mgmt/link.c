#include "link.h"

#include <string.h>

#include <bulkhead/mgmt.h>

#include "cbor.h"
#include "commands.h"
#include "frame.h"
#include "report.h"

enum { EVENT_BYTES = 640, LINK_READ_BYTES = 64 };

/* A frame in the making: the payload behind room for its header. */
struct outgoing {
    struct cbor_writer cbor;
    uint8_t frame[FRAME_HEADER_BYTES + EVENT_BYTES];
};

static void begin(struct outgoing *out, enum link_message message, uint64_t fields)
{
    out->cbor = cbor_over(out->frame + FRAME_HEADER_BYTES, EVENT_BYTES);
    cbor_array(&out->cbor, fields + 1);
    cbor_number(&out->cbor, message);
}

/* A message that did not fit is none: nothing is better than half of it. */
static void send_frame(struct mgmt *mgmt, uint8_t *frame, const struct cbor_writer *cbor)
{
    if (cbor->cut)
        return;
    frame_seal(frame, cbor->length);
    uart_write(&mgmt->com2, (const char *)frame, FRAME_HEADER_BYTES + cbor->length);
    uart_pump(&mgmt->com2);
}

static void send(struct mgmt *mgmt, struct outgoing *out)
{
    send_frame(mgmt, out->frame, &out->cbor);
}

void link_boot_event(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    struct outgoing out;
    char name[NAME_BYTES];
    const struct system_totals totals = report_totals(mgmt, statuses);
    report_system_name(mgmt, name);
    begin(&out, LINK_MESSAGE_BOOT, 4);
    cbor_text(&out.cbor, name);
    cbor_number(&out.cbor, totals.domains);
    cbor_number(&out.cbor, totals.capabilities);
    cbor_number(&out.cbor, totals.memory_kib);
    send(mgmt, &out);
}

void link_ready_event(struct mgmt *mgmt)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_READY, 0);
    send(mgmt, &out);
}

void link_domain_event(struct mgmt *mgmt, const struct domain *domain, const char *state, const char *reason)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_DOMAIN, 4);
    cbor_text(&out.cbor, domain->name);
    cbor_text(&out.cbor, domain->tenant);
    cbor_text(&out.cbor, state);
    cbor_text(&out.cbor, reason);
    send(mgmt, &out);
}

void link_guest_event(struct mgmt *mgmt, const struct domain *domain, const struct guest_end *end)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_GUEST, 4);
    cbor_text(&out.cbor, domain_title(domain));
    cbor_text(&out.cbor, end->state);
    cbor_number(&out.cbor, end->value);
    cbor_text(&out.cbor, end->reason);
    send(mgmt, &out);
}

void link_recovery_event(struct mgmt *mgmt, const struct device *device)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_RECOVERED, 2);
    cbor_text(&out.cbor, device->driver->name);
    report_restart(device, &out.cbor);
    send(mgmt, &out);
}

void link_device_event(struct mgmt *mgmt, const struct device *device, const char *what)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_DEVICE, 3);
    cbor_text(&out.cbor, device->driver->name);
    cbor_text(&out.cbor, what);
    report_device(device, &out.cbor);
    send(mgmt, &out);
}

void link_tenant_log(struct mgmt *mgmt, const struct domain *domain, const char *bytes, size_t count)
{
    struct outgoing out;
    char line[LOG_TEXT_BYTES];
    const size_t length = count < sizeof(line) ? count : sizeof(line);
    /* Printable only: a guest's bytes can then be no frame, whatever becomes of the one that they are in. */
    for (size_t index = 0; index < length; index++)
        line[index] = bytes[index] >= 0x20 && bytes[index] < 0x7f ? bytes[index] : '.';
    begin(&out, LINK_MESSAGE_TENANT_LOG, 2);
    cbor_text(&out.cbor, domain_title(domain));
    cbor_bytes(&out.cbor, line, length);
    send(mgmt, &out);
}

static void put_losses(struct cbor_writer *cbor, const struct frame_losses *losses)
{
    cbor_number(cbor, losses->bad);
    cbor_number(cbor, losses->cut);
    cbor_number(cbor, losses->oversized);
}

/* What was dropped may have been a request: its sender hears of it, if not which. */
static void report_losses(struct mgmt *mgmt)
{
    const struct frame_losses *const losses = &mgmt->link_frames.losses;
    struct outgoing out;
    if (memcmp(losses, &mgmt->link_told, sizeof(*losses)) == 0)
        return;
    mgmt->link_told = *losses;
    begin(&out, LINK_MESSAGE_LOST, 3);
    put_losses(&out.cbor, losses);
    send(mgmt, &out);
}

static void answer(struct mgmt *mgmt, uint32_t number, const char *error)
{
    struct outgoing out;
    begin(&out, LINK_MESSAGE_ANSWER, 3);
    cbor_number(&out.cbor, number);
    cbor_bool(&out.cbor, error == NULL);
    cbor_text(&out.cbor, error != NULL ? error : "");
    send(mgmt, &out);
}

static void answer_ps(struct mgmt *mgmt, uint32_t number)
{
    uint8_t frame[FRAME_HEADER_BYTES + FRAME_MESSAGE_BYTES];
    struct cbor_writer cbor = cbor_over(frame + FRAME_HEADER_BYTES, FRAME_MESSAGE_BYTES);
    struct domain_status statuses[DOMAINS_MAX];
    report_statuses(mgmt, statuses, false);
    cbor_array(&cbor, 6);
    cbor_number(&cbor, LINK_MESSAGE_DOMAINS);
    cbor_number(&cbor, number);
    report_domains(mgmt, statuses, &cbor);
    put_losses(&cbor, &mgmt->link_frames.losses);
    if (cbor.cut)
        answer(mgmt, number, "the list of domains is too long for a frame");
    else
        send_frame(mgmt, frame, &cbor);
}

static const enum command_verb verbs[] = {
    [LINK_VERB_PS] = COMMAND_PS,           [LINK_VERB_KILL] = COMMAND_KILL,
    [LINK_VERB_RESTART] = COMMAND_RESTART, [LINK_VERB_PAUSE] = COMMAND_PAUSE,
    [LINK_VERB_RESUME] = COMMAND_RESUME,   [LINK_VERB_FOCUS] = COMMAND_FOCUS,
    [LINK_VERB_QUIT] = COMMAND_QUIT,
};

/* An array: verb, number, name where the verb needs one. */
static bool read_request(const uint8_t *payload, size_t length, struct command *command, uint32_t *number)
{
    struct cbor_reader reader = {.bytes = payload, .count = length, .at = 0};
    uint64_t items, verb, value;
    const char *name = "";
    size_t count = 0;
    if (!cbor_read_array(&reader, &items) ||
        !cbor_read_number(&reader, sizeof(verbs) / sizeof(verbs[0]) - 1, &verb) ||
        !cbor_read_number(&reader, UINT32_MAX, &value))
        return false;
    const bool needs_name = verb != LINK_VERB_PS && verb != LINK_VERB_QUIT;
    if (items != (needs_name ? 3 : 2) ||
        (needs_name && (!cbor_read_text(&reader, COMMAND_NAME_MAX - 1, &name, &count) || count == 0)))
        return false;
    command->verb = verbs[verb];
    *number = (uint32_t)value;
    return cbor_at_end(&reader) && command_name(name, count, command->name);
}

static void link_request(struct mgmt *mgmt, const uint8_t *payload, size_t length)
{
    struct command command;
    uint32_t number;
    if (!read_request(payload, length, &command, &number)) {
        mgmt->link_frames.losses.bad++;
        return;
    }
    if (command.verb == COMMAND_PS) {
        answer_ps(mgmt, number);
    } else if (command.verb == COMMAND_QUIT) {
        answer(mgmt, number, NULL);
        answer(mgmt, number, commands_power_off(mgmt));
    } else {
        answer(mgmt, number, commands_run(mgmt, &command, FOCUS_LINK_CONSOLE));
    }
}

static void take_frames(struct mgmt *mgmt)
{
    const uint8_t *payload;
    size_t length;
    while (frame_next(&mgmt->link_frames, &payload, &length))
        link_request(mgmt, payload, length);
}

bool link_input(struct mgmt *mgmt)
{
    uint8_t bytes[LINK_READ_BYTES];
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    const size_t count = uart_read(&mgmt->com2, bytes, sizeof(bytes));
    for (size_t index = 0; index < count; index++) {
        frame_put(&mgmt->link_frames, bytes[index], now_ns);
        take_frames(mgmt);
    }
    const bool half = frame_check_silence(&mgmt->link_frames, now_ns);
    take_frames(mgmt);
    report_losses(mgmt);
    return half;
}
