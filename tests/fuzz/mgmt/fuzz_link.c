/* The machine link: whatever comes, only whole requests are carried out, and after a silence the next one is. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "link.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* `pause probe` with number 1: no other input has this name by chance. */
static const uint8_t PROBE[] = {0x83, LINK_VERB_PAUSE, 1, 0x65, 'p', 'r', 'o', 'b', 'e'};

static const uint8_t *input;
static size_t input_left;
static uint64_t now_ns;
static unsigned probes;

static void need(bool condition)
{
    if (!condition)
        abort();
}

uint64_t mgmt_now_ns(const struct mgmt *mgmt)
{
    (void)mgmt;
    return now_ns;
}

const char *domain_title(const struct domain *domain)
{
    return domain->name;
}

size_t uart_read(struct uart *uart, uint8_t *out, size_t capacity)
{
    const size_t count = input_left < capacity ? input_left : capacity;
    (void)uart;
    if (count == 0)
        return 0;
    memcpy(out, input, count);
    input += count;
    input_left -= count;
    return count;
}

void uart_write(struct uart *uart, const char *bytes, size_t count)
{
    (void)uart;
    need(count > FRAME_HEADER_BYTES && count <= FRAME_HEADER_BYTES + FRAME_MESSAGE_BYTES && bytes != NULL);
}

bool uart_pump(struct uart *uart)
{
    (void)uart;
    return true;
}

const char *commands_run(struct mgmt *mgmt, const struct command *command, enum focus how)
{
    const size_t length = strlen(command->name);
    (void)mgmt;
    need(how == FOCUS_LINK_CONSOLE && length > 0 && length < COMMAND_NAME_MAX);
    for (size_t index = 0; index < length; index++)
        need(command->name[index] > 0x20 && command->name[index] < 0x7f);
    need(command->verb != COMMAND_PS && command->verb != COMMAND_QUIT && command->verb != COMMAND_HELP);
    probes += command->verb == COMMAND_PAUSE && strcmp(command->name, "probe") == 0;
    return NULL;
}

const char *commands_power_off(struct mgmt *mgmt)
{
    (void)mgmt;
    return "no";
}

void report_statuses(struct mgmt *mgmt, struct domain_status statuses[DOMAINS_MAX], bool patient)
{
    (void)mgmt;
    (void)statuses;
    (void)patient;
}

struct system_totals report_totals(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    (void)mgmt;
    (void)statuses;
    return (struct system_totals){0};
}

void report_system_name(const struct mgmt *mgmt, char name[NAME_BYTES])
{
    (void)mgmt;
    name[0] = '\0';
}

void report_domains(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                    struct cbor_writer *writer)
{
    (void)mgmt;
    (void)statuses;
    cbor_array(writer, 0);
}

void report_device(const struct device *device, struct cbor_writer *writer)
{
    (void)device;
    cbor_null(writer);
}

void report_restart(const struct device *device, struct cbor_writer *writer)
{
    (void)device;
    cbor_null(writer);
}

static void hear(struct mgmt *mgmt, const uint8_t *bytes, size_t count)
{
    input = bytes;
    input_left = count;
    while (input_left != 0)
        (void)link_input(mgmt);
}

/* In front of the input's frames their CRC, which no fuzzer guesses: a byte of 1 says that a frame's payload follows. */
static void hear_all(struct mgmt *mgmt, const uint8_t *data, size_t len)
{
    uint8_t frame[FRAME_HEADER_BYTES + 255];
    while (len >= 2) {
        const size_t count = data[1] < len - 2 ? data[1] : len - 2;
        if (data[0] == 1 && count != 0) {
            memcpy(frame + FRAME_HEADER_BYTES, data + 2, count);
            frame_seal(frame, count);
            hear(mgmt, frame, FRAME_HEADER_BYTES + count);
        } else {
            hear(mgmt, data + 2, count);
        }
        now_ns += data[0] == 2 ? 1100000000 : 1000;
        data += 2 + count;
        len -= 2 + count;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct mgmt mgmt;
    uint8_t frame[FRAME_HEADER_BYTES + sizeof(PROBE)];
    memset(&mgmt, 0, sizeof(mgmt));
    now_ns = 1;
    hear_all(&mgmt, data, len);
    now_ns += 1000000000;
    (void)link_input(&mgmt);
    probes = 0;
    memcpy(frame + FRAME_HEADER_BYTES, PROBE, sizeof(PROBE));
    frame_seal(frame, sizeof(PROBE));
    hear(&mgmt, frame, sizeof(frame));
    need(probes == 1);
    return 0;
}
