/* Generated from idl/tenant.idl by gen (docs/idl.md). Do not edit.
 * libFuzzer: the server skeleton, with any message. Handlers see only arguments inside their declared types. */
#include <stdlib.h>
#include <string.h>

#include "tenant_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The badge decides what a handler answers. */
static enum error answer(uint64_t badge)
{
    return badge % 3 == 0 ? OK : badge % 3 == 1 ? DEFER : (enum error)(badge % ERROR_LIMIT);
}

static enum error handle_version(void *context, uint64_t badge, struct tenant_version_out *out)
{
    const struct message *sent = context;

    check(badge == sent->badge && label_method(sent->label) == TENANT_VERSION);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

static enum error handle_log_write(void *context, uint64_t badge, const struct tenant_log_write_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->length};

    memcpy(&w[1], in->text, 64);
    check(memcmp(w, sent->word, 9 * sizeof(w[0])) == 0);
    check(!(w[0] < 1 || w[0] > 64));
    check(badge == sent->badge && label_method(sent->label) == TENANT_LOG_WRITE);
    return answer(badge);
}

static enum error handle_clock(void *context, uint64_t badge, struct tenant_clock_out *out)
{
    const struct message *sent = context;

    check(badge == sent->badge && label_method(sent->label) == TENANT_CLOCK);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

static enum error handle_events(void *context, uint64_t badge, const struct tenant_events_in *in, struct tenant_events_out *out)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->seen};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(badge == sent->badge && label_method(sent->label) == TENANT_EVENTS);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t labels[] = {
        (uint64_t)INTERFACE_TENANT << LABEL_INTERFACE_SHIFT | 0 << LABEL_LENGTH_SHIFT | TENANT_VERSION,
        (uint64_t)INTERFACE_TENANT << LABEL_INTERFACE_SHIFT | 9 << LABEL_LENGTH_SHIFT | TENANT_LOG_WRITE,
        (uint64_t)INTERFACE_TENANT << LABEL_INTERFACE_SHIFT | 0 << LABEL_LENGTH_SHIFT | TENANT_CLOCK,
        (uint64_t)INTERFACE_TENANT << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | TENANT_EVENTS,
    };
    static const struct tenant_server_ops ops = {
        .version = handle_version,
        .log_write = handle_log_write,
        .clock = handle_clock,
        .events = handle_events,
    };
    struct message message = {0};
    struct message sent;
    enum dispatch done;

    if (size == 0)
        return 0;
    memcpy(&message, data + 1, size - 1 < sizeof(message) ? size - 1 : sizeof(message));
    if (data[0] & 0x80)
        message.label = labels[(data[0] & 0x7f) % (sizeof(labels) / sizeof(labels[0]))];
    sent = message;
    done = tenant_dispatch(&ops, &sent, &message);
    if (done == DISPATCH_DEFER) {
        check(memcmp(&message, &sent, sizeof(message)) == 0);
        return 0;
    }
    check((message.label & ~(LABEL_STATUS_MASK | LABEL_LENGTH_MASK)) == 0 && message.badge == sent.badge);
    check(label_status(message.label) == OK || message.label == label_reply(label_status(message.label), 0));
    return 0;
}
