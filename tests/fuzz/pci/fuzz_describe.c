/* The description's text: what is taken has different ports, buses, windows and handles. */
#include <stdlib.h>

#include <log.h>
#include <panic.h>

#include "describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

void log_line(const char *format, ...)
{
    (void)format;
}

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    abort();
}

static void need(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct devices devices;
    if (describe_parse(&devices, (const char *)data, len) != PROBLEM_NONE) {
        return 0;
    }
    need(devices.count >= 1 && devices.count <= DEVICES_MAX);
    for (uint32_t i = 0; i < devices.count; i++) {
        const struct device *one = &devices.device[i];
        need(one->kind != NULL && one->window % BAR_WINDOW_BYTES == 0 && one->message.data < 32);
        for (uint32_t j = 0; j < i; j++) {
            const struct device *other = &devices.device[j];
            need(one->source != other->source && one->port != other->port && one->window != other->window);
        }
    }
    return 0;
}
