#include "fake_machine.h"

#include <stdarg.h>

#include <panic.h>

#include "check.h"
#include "console.h"
#include "fake_link.h"
#include "kernel_calls.h"
#include "registry.h"
#include "tenant.h"

struct fake_machine fake;

static const char DOMAINS[] = "0 mgmt - always/5\n1 vmm-a a on-failure/2\n2 vmm-b b never\n";

void kernel_signal(uint32_t notif_slot, uint32_t bits)
{
    (void)notif_slot;
    CHECK(bits != 0);
    fake.bells++;
}

void kernel_port_write(uint32_t ioport_slot, uint16_t port, uint8_t size_bytes, uint32_t value)
{
    CHECK(ioport_slot == POWER_SLOT && port == 0x604 && size_bytes == 2);
    fake.power_value = value;
}

void kernel_rest(uint32_t notif_slot, uint64_t ns, uint64_t tsc_khz)
{
    (void)notif_slot;
    (void)tsc_khz;
    fake.now_ns += ns;
}

uint8_t uart_register_read(const struct uart *uart, uint16_t offset)
{
    struct fake_port *const port = &fake.ports[uart->slot];
    if (offset == 0)
        return port->input[port->taken++];
    return (uint8_t)(0x60 | (port->taken < port->typed ? 1 : 0));
}

void uart_register_write(const struct uart *uart, uint16_t offset, uint8_t value)
{
    struct fake_port *const port = &fake.ports[uart->slot];
    if (offset == 0 && port->sent < FAKE_OUTPUT_BYTES)
        port->output[port->sent++] = (char)value;
}

const char *builder_ask(struct mgmt *mgmt, enum builder_verb verb, uint32_t id)
{
    (void)mgmt;
    fake.asked[verb]++;
    fake.asked_id = id;
    if (fake.on_ask != NULL)
        fake.on_ask(verb);
    return fake.refusal;
}

bool builder_beats(struct mgmt *mgmt)
{
    (void)mgmt;
    fake.beats++;
    fake.now_ns += fake.builder_silent ? 300 * 1000 * 1000 : 0;
    return !fake.builder_silent;
}

struct domain_status builder_status(struct mgmt *mgmt, uint32_t id, bool patient)
{
    (void)mgmt;
    (void)patient;
    return (struct domain_status){.known = true,
                                  .state = 2,
                                  .capabilities = 10 * (id + 1),
                                  .memory_kib = 2048,
                                  .restarts = id,
                                  .threads = 1};
}

void tenant_answer_waiting(struct mgmt *mgmt, struct domain *domain)
{
    (void)mgmt;
    fake.answered += domain->waiting;
    domain->waiting = false;
}

uint64_t mgmt_now_ns(const struct mgmt *mgmt)
{
    (void)mgmt;
    return fake.now_ns;
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}

static void add_number(unsigned index, const char *name, uint64_t value)
{
    struct resource *const resource = &fake.info.resource[index];
    memcpy(resource->name, name, strlen(name));
    resource->kind = RESOURCE_KIND_NUMBER;
    resource->extra = value;
}

static void describe_power(void)
{
    memcpy(fake.info.resource[0].name, "power", 5);
    fake.info.resource[0].kind = RESOURCE_KIND_IOPORT;
    fake.info.resource[0].slot = POWER_SLOT;
    fake.info.resource[0].extra = 0x604;
    add_number(1, "power-value", 0x2000);
    add_number(2, "power-bytes", 2);
    fake.info.resource_count = 3;
}

void fake_start(void)
{
    struct mgmt *const mgmt = &fake.mgmt;
    uint32_t bad_line;
    memset(&fake, 0, sizeof(fake));
    describe_power();
    mgmt->info = &fake.info;
    uart_init(&mgmt->com1, COM1_SLOT, 0x3f8);
    uart_init(&mgmt->com2, COM2_SLOT, 0x2f8);
    history_init(&mgmt->merged_log, mgmt->merged_kept, MERGED_LOG_BYTES);
    CHECK(registry_parse(DOMAINS, sizeof(DOMAINS) - 1, mgmt->domains, DOMAINS_MAX, &mgmt->domain_count,
                         &bad_line));
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        struct domain *const domain = &mgmt->domains[index];
        history_init(&domain->log.history, domain->log.kept, LOG_HISTORY_BYTES);
        if (index == 0)
            continue;
        console_open(&mgmt->consoles[index - 1], &fake.consoles[index - 1], 7, 1);
        domain->console = &mgmt->consoles[index - 1];
    }
    mgmt->domains[1].log_channel = &fake.log;
    ring_open_reader(&mgmt->domains[1].log_ring, &fake.log, RING_END_B);
    fake_clear();
}

void fake_type_bytes(uint32_t slot, const void *bytes, size_t count)
{
    struct fake_port *const port = &fake.ports[slot];
    CHECK(port->typed + count <= FAKE_INPUT_BYTES);
    memcpy(port->input + port->typed, bytes, count);
    port->typed += count;
}

void fake_type(uint32_t slot, const char *bytes)
{
    fake_type_bytes(slot, bytes, strlen(bytes));
}

void fake_ask(const char *words)
{
    uint8_t frame[FAKE_FRAME_BYTES];
    fake_type_bytes(COM2_SLOT, frame, fake_request(words, frame));
}

void fake_clear(void)
{
    memset(fake.ports[COM1_SLOT].output, 0, FAKE_OUTPUT_BYTES);
    memset(fake.ports[COM2_SLOT].output, 0, FAKE_OUTPUT_BYTES);
    fake.ports[COM1_SLOT].sent = fake.ports[COM2_SLOT].sent = 0;
}

bool fake_saw(uint32_t slot, const char *text)
{
    static char shown[2 * FAKE_OUTPUT_BYTES];
    const struct fake_port *const port = &fake.ports[slot];
    const size_t length = strlen(text);
    size_t count = port->sent;
    memcpy(shown, port->output, port->sent);
    if (slot == COM2_SLOT) {
        fake_render((const uint8_t *)port->output, port->sent, shown, sizeof(shown));
        count = strlen(shown);
    }
    for (size_t at = 0; at + length <= count; at++)
        if (memcmp(shown + at, text, length) == 0)
            return true;
    return false;
}

void fake_print(unsigned index, const char *bytes)
{
    struct ring writer;
    ring_open_writer(&writer, &fake.consoles[index], RING_END_A);
    CHECK(ring_write_whole(&writer, bytes, strlen(bytes)));
}
