#include "describe.h"

#include <string.h>

#include <format.h>
#include <resource.h>

#include "registers.h"

struct words {
    const char *at, *end;
};

/* One blank between words, none at the ends: the compiler writes it so. */
static size_t next_word(struct words *words, const char **word)
{
    *word = words->at;
    while (words->at < words->end && *words->at != ' ')
        words->at++;
    const size_t len = (size_t)(words->at - *word);
    words->at += words->at < words->end ? 1 : 0;
    return len;
}

static bool next_number(struct words *words, uint32_t most, uint32_t *number)
{
    static const char digits[] = "0123456789abcdef";
    const char *word;
    const size_t len = next_word(words, &word);
    uint32_t value = 0;
    for (size_t index = 0; index < len; index++) {
        const char *const digit = word[index] == 0 ? NULL : strchr(digits, word[index]);
        if (digit == NULL)
            return false;
        value = value << 4 | (uint32_t)(digit - digits);
    }
    *number = value;
    return len != 0 && len <= 8 && value <= most;
}

/* A port on the first bus, the device alone on a bus of its own, the window whole and below 4 GiB. */
static bool parse_line(struct device *device, struct words words)
{
    enum { HANDLES = 32, FUNCTIONS = 0xff };
    const char *name, *kind;
    uint32_t port, source, window, handle;
    const size_t name_len = next_word(&words, &name), kind_len = next_word(&words, &kind);
    if (name_len == 0 || name_len >= DEVICE_NAME_BYTES || !next_number(&words, UINT16_MAX, &port) ||
        !next_number(&words, UINT16_MAX, &source) ||
        !next_number(&words, UINT32_MAX - BAR_WINDOW_BYTES, &window) ||
        !next_number(&words, HANDLES - 1, &handle) || words.at != words.end)
        return false;
    *device = (struct device){.kind = kind_find(kind, kind_len),
                              .port = (uint16_t)port,
                              .source = (uint16_t)source,
                              .window = window,
                              .message = {.data = handle}};
    memcpy(device->name, name, name_len);
    return device->kind != NULL && window % BAR_WINDOW_BYTES == 0 && (source & FUNCTIONS) == 0 &&
           source >> 8 > port >> 8;
}

static bool known(const struct devices *devices, const struct device *device)
{
    for (uint32_t index = 0; index < devices->count; index++) {
        const struct device *const other = &devices->device[index];
        if (other->port == device->port || other->source == device->source ||
            other->window == device->window || other->message.data == device->message.data)
            return true;
    }
    return false;
}

enum problem describe_parse(struct devices *devices, const char *text, size_t len)
{
    struct words words = {text, text + len};
    *devices = (struct devices){.count = 0};
    for (uint32_t line = 1; words.at < words.end; line++) {
        const char *const end = memchr(words.at, '\n', (size_t)(words.end - words.at));
        const struct words one = {words.at, end != NULL ? end : words.end};
        struct device device;
        if (devices->count == DEVICES_MAX || !parse_line(&device, one) || known(devices, &device))
            return problem_report("devices", PROBLEM_DESCRIPTION, line, 0);
        devices->device[devices->count++] = device;
        words.at = end != NULL ? end + 1 : words.end;
    }
    return devices->count != 0 ? PROBLEM_NONE : problem_report("devices", PROBLEM_DESCRIPTION, 0, 1);
}

static volatile void *find_page(const struct domain_info *info, const char *prefix, uint32_t index)
{
    char name[DEVICE_NAME_BYTES];
    (void)format_text(name, sizeof(name), "%s-%u", prefix, (unsigned)index);
    const struct resource *const found = resource_find(info, name);
    if (found == NULL || found->kind != RESOURCE_KIND_REGION || found->bytes < CONFIG_PAGE_BYTES)
        return NULL;
    return (volatile void *)(uintptr_t)found->address;
}

/* `msi`: the message of handle 0 and what each handle adds, from the kernel: address, data in slot, steps in bytes and count. */
static bool find_message(const struct domain_info *info, struct message_signal *message)
{
    const struct resource *const msi = resource_find(info, "msi");
    const uint32_t handle = message->data;
    if (msi == NULL || msi->kind != RESOURCE_KIND_NUMBER || msi->address == 0)
        return false;
    *message = (struct message_signal){msi->address + handle * msi->bytes, msi->slot + handle * msi->count};
    return true;
}

enum problem describe(struct devices *devices, const struct domain_info *info)
{
    uint64_t len;
    const char *const text = resource_text(info, "devices", &len);
    const enum problem problem = describe_parse(devices, text != NULL ? text : "", (size_t)len);
    for (uint32_t index = 0; index < devices->count && problem == PROBLEM_NONE; index++) {
        struct device *const device = &devices->device[index];
        device->port_page = find_page(info, "port", index);
        device->page = find_page(info, "config", index);
        device->msix_page = find_page(info, "msix", index);
        if (device->port_page == NULL || device->page == NULL || device->msix_page == NULL ||
            !find_message(info, &device->message))
            return problem_report(device->name, PROBLEM_RESOURCE, index, 0);
    }
    return problem;
}
