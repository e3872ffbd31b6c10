/* Generated from idl/builder.idl by gen (docs/idl.md). Do not edit.
 * libFuzzer: the server skeleton, with any message. Handlers see only arguments inside their declared types. */
#include <stdlib.h>
#include <string.h>

#include "builder_server.h"

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

static enum error handle_start(void *context, uint64_t badge, const struct builder_start_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_START);
    return answer(badge);
}

static enum error handle_stop(void *context, uint64_t badge, const struct builder_stop_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_STOP);
    return answer(badge);
}

static enum error handle_restart(void *context, uint64_t badge, const struct builder_restart_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_RESTART);
    return answer(badge);
}

static enum error handle_create(void *context, uint64_t badge, const struct builder_create_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id, [1] = in->profile};

    check(memcmp(w, sent->word, 2 * sizeof(w[0])) == 0);
    check(!(w[0] > 63 || w[1] > 7));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_CREATE);
    return answer(badge);
}

static enum error handle_destroy(void *context, uint64_t badge, const struct builder_destroy_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_DESTROY);
    return answer(badge);
}

static enum error handle_info(void *context, uint64_t badge, const struct builder_info_in *in, struct builder_info_out *out)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_INFO);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

static enum error handle_postmortem(void *context, uint64_t badge, const struct builder_postmortem_in *in, struct builder_postmortem_out *out)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_POSTMORTEM);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

static enum error handle_finished(void *context, uint64_t badge, const struct builder_finished_in *in)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->status};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 0xffffffffu));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_FINISHED);
    return answer(badge);
}

static enum error handle_device_fault(void *context, uint64_t badge, const struct builder_device_fault_in *in, struct builder_device_fault_out *out)
{
    const struct message *sent = context;
    uint64_t w[10] = {[0] = in->id};

    check(memcmp(w, sent->word, 1 * sizeof(w[0])) == 0);
    check(!(w[0] > 63));
    check(badge == sent->badge && label_method(sent->label) == BUILDER_DEVICE_FAULT);
    memset(out, (int)(badge & 1), sizeof(*out)); /* a bool is 0 or 1 */
    return answer(badge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t labels[] = {
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_START,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_STOP,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_RESTART,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 2 << LABEL_LENGTH_SHIFT | BUILDER_CREATE,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_DESTROY,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_INFO,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_POSTMORTEM,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_FINISHED,
        (uint64_t)INTERFACE_BUILDER << LABEL_INTERFACE_SHIFT | 1 << LABEL_LENGTH_SHIFT | BUILDER_DEVICE_FAULT,
    };
    static const struct builder_server_ops ops = {
        .start = handle_start,
        .stop = handle_stop,
        .restart = handle_restart,
        .create = handle_create,
        .destroy = handle_destroy,
        .info = handle_info,
        .postmortem = handle_postmortem,
        .finished = handle_finished,
        .device_fault = handle_device_fault,
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
    done = builder_dispatch(&ops, &sent, &message);
    if (done == DISPATCH_DEFER) {
        check(memcmp(&message, &sent, sizeof(message)) == 0);
        return 0;
    }
    check((message.label & ~(LABEL_STATUS_MASK | LABEL_LENGTH_MASK)) == 0 && message.badge == sent.badge);
    check(label_status(message.label) == OK || message.label == label_reply(label_status(message.label), 0));
    return 0;
}
