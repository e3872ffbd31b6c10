/* Generated from idl/service.idl by gen (docs/idl.md). Do not edit.
 * libFuzzer: the server skeleton, with any message. Handlers see only arguments inside their declared types. */
#include <stdlib.h>
#include <string.h>

#include "service_server.h"

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

static enum error handle_health(void *context, uint64_t badge, struct service_health_out *out)
{
    const struct message *sent = context;

    check(badge == sent->badge && label_method(sent->label) == SERVICE_HEALTH);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

static enum error handle_park(void *context, uint64_t badge, const struct service_park_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->parked};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 1));
    check(badge == sent->badge && label_method(sent->label) == SERVICE_PARK);
    return answer(badge);
}

static enum error handle_device(void *context, uint64_t badge, struct service_device_out *out)
{
    const struct message *sent = context;

    check(badge == sent->badge && label_method(sent->label) == SERVICE_DEVICE);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t labels[] = {
        (uint64_t)INTERFACE_SERVICE << LABEL_INTERFACE_SHIFT | 0 << LABEL_LENGTH_SHIFT | SERVICE_HEALTH,
        (uint64_t)INTERFACE_SERVICE << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | SERVICE_PARK,
        (uint64_t)INTERFACE_SERVICE << LABEL_INTERFACE_SHIFT | 0 << LABEL_LENGTH_SHIFT | SERVICE_DEVICE,
    };
    static const struct service_server_ops ops = {
        .health = handle_health,
        .park = handle_park,
        .device = handle_device,
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
    done = service_dispatch(&ops, &sent, &message);
    if (done == DISPATCH_DEFER) {
        check(memcmp(&message, &sent, sizeof(message)) == 0);
        return 0;
    }
    check((message.label & ~(LABEL_STATUS_MASK | LABEL_LENGTH_MASK)) == 0 && message.badge == sent.badge);
    check(label_status(message.label) == OK || message.label == label_reply(label_status(message.label), 0));
    return 0;
}
